#!/usr/bin/env bash
# The whole way from nothing to the exported model version. About four hours on one CPU core; every step resumes or overwrites.
#   runs/seedling.sh [python]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
data=data/seedling
distilled=data/distilled
checkpoints=checkpoints

# Matrix products of this size gain little from a second thread when anything else runs on the machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Keeps freed tensors in the process: giving pages back and faulting them in again costs up to half the time of a step.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000

[ -e $data/tokenizer.json ] || "$python" scripts/train_tokenizer.py --out $data/tokenizer.json
[ -e $data/tokens.u16 ] || "$python" scripts/generate_data.py --out $data --count 400000

train() { "$python" scripts/train.py "$@" --threads "$OMP_NUM_THREADS"; }

# A short first pair of stages, then a long one each: LOG.md tells how it came to that.
train ar --data $data --out $checkpoints/seedling-ar.pt --steps 400 --descent 0.25
train diffusion --data $data --init $checkpoints/seedling-ar.pt --out $checkpoints/seedling-diffusion.pt --steps 1060 --batch-tokens 3072
train ar --data $data --init $checkpoints/seedling-diffusion.pt --out $checkpoints/seedling-ar-2.pt \
  --steps 1300 --learning-rate 1.5e-3 --seed 3
[ -e $distilled/index.npy ] || "$python" scripts/distill_data.py --checkpoint $checkpoints/seedling-ar-2.pt \
  --tokenizer $data/tokenizer.json --out $distilled --count 50000 --seed 7 --threads "$OMP_NUM_THREADS"
# The shipped run was stopped at step 1860.
train diffusion --data $data --init $checkpoints/seedling-ar-2.pt --out $checkpoints/seedling-diffusion-2.pt \
  --steps 2200 --descent 0.6 --batch-tokens 3072 --seed 4
train diffusion --data $distilled --init $checkpoints/seedling-diffusion-2.pt --out $checkpoints/seedling-distilled.pt \
  --steps 200 --descent 0.85 --batch-tokens 3072 --learning-rate 6e-4 --seed 5
# The shipped run had `--steps 900 --descent 0.85` for its first 209 steps.
train diffusion --data $distilled --init $checkpoints/seedling-distilled.pt --out $checkpoints/seedling-distilled-2.pt \
  --steps 1400 --descent 0.8 --batch-tokens 3072 --learning-rate 6e-4 --seed 6

"$python" scripts/export_model.py --checkpoint $checkpoints/seedling-distilled-2.pt --data $data
[ -e $data/prompts.jsonl ] || "$python" scripts/draw_prompts.py --seed 1 --count 1000 --out $data/prompts.jsonl
"$python" scripts/evaluate_reference.py --checkpoint $checkpoints/seedling-distilled-2.pt --tokenizer $data/tokenizer.json \
  --prompts $data/prompts.jsonl exact:12 confident_prefix:0.95
