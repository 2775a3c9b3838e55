#!/usr/bin/env bash
# The whole way from nothing to the exported versions and the table that compares them. About ten hours on one CPU core; every step
# resumes or is skipped when its result is there.
#   runs/cpu.sh [python]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
data=data/seedling
tokenizer=$data/tokenizer.json
checkpoints=checkpoints
repository=../triton-models/repository

# Matrix products of this size gain little from a second thread when anything else runs on the machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Keeps freed tensors in the process: giving pages back and faulting them in again costs up to half the time of a step.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000

run() { "$python" scripts/"$1".py "${@:2}" --threads "$OMP_NUM_THREADS"; }
# stage NAME FROM ARGUMENTS: one stage of training, from another's checkpoint.
stage() {
  local out=$checkpoints/seedling-$1.pt from=$2
  run train "${@:3}" --out "$out" $([ "$from" = - ] || echo --init "$checkpoints/seedling-$from.pt")
}

[ -e $tokenizer ] || "$python" scripts/train_tokenizer.py --out $tokenizer
[ -e $data/tokens.u16 ] || "$python" scripts/generate_data.py --out $data --count 400000

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

# seedling-v2
stage edit distilled-2 edit --data data/distilled --steps 500 --warmup 0.15 --descent 0.6 --batch-tokens 3072 --seed 8

# seedling-v3. The order stage had `--steps 300` for its first 33 steps.
[ -e data/paths/index.npy ] || run draw_paths --checkpoint $checkpoints/seedling-edit.pt --tokenizer $tokenizer \
  --out data/paths --count 2600 --seed 11
stage order edit order --data data/paths --steps 160 --warmup 0.15 --descent 0.6 --batch-tokens 3072 --seed 12
# On-policy learning is a command of its own so far: LOG.md tells what it has not yet done.

# The autoregressive model of the same cost, at half and at all of it.
stage ar-50 ar-2 ar --data $data --steps 1600 --descent 0.5 --learning-rate 1.5e-3 --seed 9
stage ar-100 ar-50 ar --data $data --steps 7500 --descent 0.25 --learning-rate 1e-3 --seed 10

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
