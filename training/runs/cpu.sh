#!/usr/bin/env bash
# The whole way from nothing to the exported versions. About fifteen hours on one CPU core; every
# step resumes or is skipped when its result is there.
#   runs/cpu.sh [python]
# With FROM_SHIPPED=1 it begins at the shipped seedling-v1 instead, and takes about five hours: all but the mask stage and AR-50.
# PRECISION is bfloat16 or float32, whichever the processor multiplies faster: they differ by two either way.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
data=data/seedling
tokenizer=$data/tokenizer.json
checkpoints=checkpoints
repository=../triton-models/repository
results=../docs/results

# Matrix products of this size gain little from a second thread when anything else runs on the machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Keeps freed tensors in the process: giving pages back and faulting them in again costs up to half the time of a step.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000

precision=${PRECISION:-float32}

run() { "$python" scripts/"$1".py "${@:2}" --threads "$OMP_NUM_THREADS"; }
# stage NAME FROM ARGUMENTS: one stage of training, from another's checkpoint.
stage() {
  local out=$checkpoints/seedling-$1.pt from=$2
  run train "${@:3}" --precision "$precision" --out "$out" $([ "$from" = - ] || echo --init "$checkpoints/seedling-$from.pt")
}

[ -e $tokenizer ] || "$python" scripts/train_tokenizer.py --out $tokenizer
[ -e $data/tokens.u16 ] || "$python" scripts/generate_data.py --out $data --count 400000

if [ -z "${FROM_SHIPPED:-}" ]; then
  # A short first pair of stages, then a long one each: LOG.md tells how it came to that.
  stage ar - ar --data $data --steps 400 --descent 0.25
  stage diffusion ar diffusion --data $data --steps 1060 --batch-tokens 3072
  stage ar-2 diffusion ar --data $data --steps 1300 --learning-rate 1.5e-3 --seed 3
  [ -e data/distilled/index.npy ] || run distill_data --checkpoint $checkpoints/seedling-ar-2.pt --tokenizer $tokenizer \
    --out data/distilled --count 50000 --seed 7
  # The shipped run was stopped at step 1860.
  stage diffusion-2 ar-2 diffusion --data $data --steps 2200 --descent 0.6 --batch-tokens 3072 --seed 4
  stage distilled diffusion-2 diffusion --data data/distilled --steps 200 --descent 0.85 --batch-tokens 3072 --learning-rate 6e-4 --seed 5
  # The shipped run had `--steps 900 --descent 0.85` for its first 209 steps. Its end is seedling-v1.
  stage distilled-2 distilled diffusion --data data/distilled --steps 1400 --descent 0.8 --batch-tokens 3072 --learning-rate 6e-4 --seed 6
  # AR at half the budget.
  stage ar-50 ar-2 ar --data $data --steps 1600 --descent 0.5 --learning-rate 1.5e-3 --seed 9
elif [ ! -e $checkpoints/seedling-distilled-2.pt ]; then
  "$python" scripts/checkpoint_of_version.py --version $repository/seedling-v1/1 --out $checkpoints/seedling-distilled-2.pt
fi

# seedling-v2: learns from v1's own answers, and corrects texts in the styles of the domain.
[ -e data/answers/index.npy ] || run distill_data --checkpoint $checkpoints/seedling-distilled-2.pt --tokenizer $tokenizer \
  --out data/answers --count 15000 --seed 7
[ -e data/edits/index.npy ] || "$python" scripts/mix_edit_data.py --answers data/answers --others $data --count 6000 --out data/edits
stage edit distilled-2 edit --data data/edits --steps 300 --warmup 0.1 --descent 0.6 --batch-tokens 3072 --seed 8

# seedling-v3
[ -e data/paths/index.npy ] || run draw_paths --checkpoint $checkpoints/seedling-edit.pt --tokenizer $tokenizer \
  --out data/paths --count 2600 --block-size 32 --seed 11
stage order edit order --data data/paths --steps 120 --warmup 0.15 --descent 0.6 --batch-tokens 3072 --seed 12

# seedling-v4: anchored by v3's own answers to 8,000 prompts. LOG.md tells why it is the checkpoint of step 260.
[ -e data/anchors/index.npy ] || run distill_data --checkpoint $checkpoints/seedling-order.pt --tokenizer $tokenizer \
  --out data/anchors --count 7000 --seed 13
run train_on_policy --init $checkpoints/seedling-order.pt --tokenizer $tokenizer --anchors data/anchors \
  --out $checkpoints/seedling-on-policy.pt --until 260 --measure-every 20 --measured-prompts 300
# What the paper found unstable: the length itself as a reward.
run train_on_policy --init $checkpoints/seedling-order.pt --tokenizer $tokenizer --out $checkpoints/seedling-on-policy-length.pt \
  --measure-every 2 --measured-prompts 300 --reward length --steps 8 --group 4 --updates 3
"$python" scripts/collect_on_policy.py --out $results/on-policy.json anchored=$checkpoints/seedling-on-policy.jsonl \
  length=$checkpoints/seedling-on-policy-length.jsonl

# The autoregressive model of the same cost: next tokens alone from where the edit stage began.
stage ar-100 distilled-2 ar --data $data --steps 1200 --descent 0.5 --learning-rate 1.5e-3 --seed 10

# export_version VERSION CHECKPOINT ARGUMENTS: weights, contract, self-test and model card. Triton's settings are alike for all.
export_version() {
  "$python" scripts/export_model.py --data $data --out "$repository/$1/1" --checkpoint "$checkpoints/seedling-$2.pt" "${@:3}"
  [ -e "$repository/$1/config.pbtxt" ] || cp $repository/seedling-v1/config.pbtxt "$repository/$1/"
}
stages=()
for name in ar diffusion ar-2 diffusion-2 distilled distilled-2; do stages+=(--stage "$name=$checkpoints/seedling-$name.pt"); done
export_version seedling-v1 distilled-2 "${stages[@]}"
export_version seedling-v2 edit --after $repository/seedling-v1/1 --stage edit=$checkpoints/seedling-edit.pt
export_version seedling-v3 order --after $repository/seedling-v2/1 --stage order=$checkpoints/seedling-order.pt
export_version seedling-v4 on-policy --after $repository/seedling-v3/1 --stage on-policy=$checkpoints/seedling-on-policy.pt

# docs/training.md tells the commands that measured what docs/results holds.
