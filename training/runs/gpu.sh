#!/usr/bin/env bash
# A larger seedling (33M parameters) on one GPU, in three parts that may run on three machines:
#   runs/gpu.sh prepare [--toy] [python]   network and a JDK: data/gpu.tar.xz, which travels
#   runs/gpu.sh train   [--toy] [python]   a GPU, PyTorch and NumPy, no network: checkpoints/gpu/weights, which travels back
#   runs/gpu.sh finish  [--toy] [python]   a JDK: the exported version and its evaluation
# Each part goes on where it was stopped; `train` after a kill at its last checkpoint. --toy does the same in a minute on a CPU, with
# a few thousand parameters and no network. What may be set:
#   MINUTES=23       of training, over all its resumptions; starting the three stages comes on top
#   DEVICE=cuda      PROCESSES=12 (that make batches)
#   WEIGHTS=f16      of the exported version; or q8_0, half the size
#   PROMPTS=200      held-out prompts of the evaluation
#   BENCHMARKS=...   folder of *.jsonl and *.jsonl.gz that the data must not hold
#   RUN_HOME=.       where data/ and checkpoints/ are
set -euo pipefail
part=${1:?expected: prepare, train or finish}
shift
toy=
[ "${1:-}" != --toy ] || { toy=yes && shift; }
# Interrupted, it waits until the program at work has written its checkpoint, and ends with that program's status.
trap : INT TERM
python=$(command -v "${1:-python3}")
[ -z "${BENCHMARKS:-}" ] || BENCHMARKS=$(realpath "$BENCHMARKS")
[ -z "${RUN_HOME:-}" ] || RUN_HOME=$(realpath -m "$RUN_HOME")
cd "$(dirname "$0")/.."

if [ -z "$toy" ]; then
  home=${RUN_HOME:-.} name=gpu
  generated=$home/data/seedling generated_count=400000
  jars=$home/data/jars manifest=runs/java_sources.json
  mix=(--vocabulary 8192 --java-share 0.2 --longest 224)
  prompts=${PROMPTS:-200} minutes=${MINUTES:-23} device=${DEVICE:-cuda}
  shape=(--vocab-size 8192 --width 512 --layers 10 --heads 8 --kv-heads 4 --ffn-width 1344)
  # A step is 65,536 rows: about 0.1 s on an H100 or H200 by arithmetic, not by measurement.
  ar_widths=64,96,128,224 noisy_widths=192,256,320,448,704
  train=(--batch-tokens 65536 --compile --processes "${PROCESSES:-12}" --checkpoint-every 1000 --warmup-steps 300)
  export=(--weights "${WEIGHTS:-f16}") settings=(autoregressive exact:12 confident_prefix:0.95)
else
  home=${RUN_HOME:-data} name=toy
  generated=$home/data/toy-generated generated_count=1100
  jars=$home/data/toy-jars manifest=$home/data/toy-jars/manifest.json
  mix=(--vocabulary 1024 --java-share 0.3 --longest 224)
  prompts=${PROMPTS:-2} minutes=${MINUTES:-0.12} device=${DEVICE:-cpu}
  shape=(--vocab-size 1024 --width 32 --layers 1 --heads 2 --kv-heads 1 --ffn-width 32)
  ar_widths=128,224 noisy_widths=256,704
  train=(--batch-tokens 1024 --processes 1 --checkpoint-every 10 --warmup-steps 5 --threads 1)
  export=(--weights "${WEIGHTS:-q8_0}" --attempts 2 --draft-prompts 2) settings=(exact:12)
fi
data=$home/data/$name checkpoints=$home/checkpoints/$name
travels=48000000 # bytes that the data may have; the repository travels with it

fetch_jars() {
  JAVA_HOME=$("$python" -c 'from seedbed_training.verifier import find_jdk; print(find_jdk())') && export JAVA_HOME
  mkdir -p "$jars"
  "$python" -c 'import json, sys; [print(jar["artifact"]) for jar in json.load(open(sys.argv[1]))]' $manifest |
    while IFS=: read -r group artifact version; do
      [ -e "$jars/$artifact-$version-sources.jar" ] || (
        folder=$(realpath "$jars") && cd .. &&
          ./mvnw -q -N -B dependency:copy "-Dartifact=$group:$artifact:$version:jar:sources" "-DoutputDirectory=$folder" </dev/null
      )
    done
}

# Our own Java instead of libraries.
pack_toy_jar() {
  mkdir -p "$jars"
  "$python" -m zipfile -c "$jars/seedbed-0-sources.jar" ../control-plane/src/main/java
  digest=$(sha256sum "$jars/seedbed-0-sources.jar")
  printf '[{"artifact": "dev.seedbed:seedbed:0", "licence": "own", "sha256": "%s"}]\n' "${digest%% *}" >"$manifest"
}

prepare() {
  [ -e "$generated/tokenizer.json" ] || "$python" scripts/train_tokenizer.py --out "$generated/tokenizer.json" ${toy:+--count 2000}
  [ -e "$generated/tokens.u16" ] || "$python" scripts/generate_data.py --out "$generated" --count $generated_count ${toy:+--workers 1}
  if [ -z "$toy" ]; then fetch_jars; else pack_toy_jar; fi
  mkdir -p "$data"
  [ -e "$data/prompts.jsonl" ] || "$python" scripts/draw_prompts.py --seed 1 --count "$prompts" --out "$data/prompts.jsonl"
  "$python" scripts/mix_data.py --generated "$generated" --jars "$jars" --manifest "$manifest" --held-out "$data/prompts.jsonl" \
    ${BENCHMARKS:+--benchmarks "$BENCHMARKS"} "${mix[@]}" --out "$data"
  tar -cJf "$data.tar.xz" -C "$home/data" "$name"
  bytes=$(stat -c %s "$data.tar.xz")
  [ "$bytes" -le $travels ] || { echo "$data.tar.xz: $bytes bytes (expected: at most $travels)" >&2 && exit 1; }
  echo "wrote $data.tar.xz: $bytes bytes"
}

# stage NAME SHARE_OF_THE_MINUTES OPTIONS...
stage() {
  "$python" scripts/train.py "$1" --data "$data" --out "$checkpoints/$1" --minutes "$(awk "BEGIN { print $minutes * $2 }")" \
    --device "$device" "${train[@]}" "${@:3}"
}

train() {
  # Compiled code is kept, so that a resumed run and the next stage do not compile it again.
  export TORCHINDUCTOR_CACHE_DIR=${TORCHINDUCTOR_CACHE_DIR:-$(realpath -m "$checkpoints/compiled")}
  [ -e "$data/tokens.u16" ] || { mkdir -p "$home/data" && tar -xJf "$data.tar.xz" -C "$home/data"; }
  # 45 : 32 : 8, which leaves later stages what they need when MINUTES is less than there is.
  stage ar 0.53 --widths $ar_widths --learning-rate 2e-3 --descent 0.25 "${shape[@]}"
  stage diffusion 0.37 --widths $noisy_widths --learning-rate 1e-3 --descent 0.4 --init "$checkpoints/ar"
  stage edit 0.10 --widths $noisy_widths --learning-rate 3e-4 --descent 0.8 --init "$checkpoints/diffusion"
  "$python" scripts/pieces.py weights "$checkpoints/edit" "$checkpoints/weights"
}

finish() {
  "$python" scripts/export_model.py --checkpoint "$checkpoints/weights" --data "$data" --out "$checkpoints/version" "${export[@]}"
  "$python" scripts/evaluate_reference.py --checkpoint "$checkpoints/weights" --tokenizer "$data/tokenizer.json" \
    --prompts "$data/prompts.jsonl" --count "$prompts" --json "$checkpoints/evaluation.json" "${settings[@]}"
}

case $part in
  prepare | train | finish) "$part" ;;
  *) echo "part unknown: $part (expected: prepare, train or finish)" >&2 && exit 2 ;;
esac
