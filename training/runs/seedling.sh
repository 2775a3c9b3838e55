#!/usr/bin/env bash
# The whole way from nothing to the exported model version. About three hours on two CPU cores; every step resumes or overwrites.
#   runs/seedling.sh [python]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
data=data/seedling
checkpoints=checkpoints

# Matrix products of this size gain little from a second thread when anything else runs on the machine.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Keeps freed tensors in the process: giving pages back and faulting them in again costs up to half the time of a step.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=20000000000

[ -e $data/tokenizer.json ] || "$python" scripts/train_tokenizer.py --out $data/tokenizer.json
[ -e $data/tokens.u16 ] || "$python" scripts/generate_data.py --out $data --count 400000

"$python" scripts/train.py ar --data $data --out $checkpoints/seedling-ar.pt \
  --steps 400 --descent 0.25 --threads "$OMP_NUM_THREADS"
"$python" scripts/train.py diffusion --data $data --init $checkpoints/seedling-ar.pt --out $checkpoints/seedling-diffusion.pt \
  --steps 1060 --descent 0.4 --batch-tokens 3072 --threads "$OMP_NUM_THREADS"

"$python" scripts/export_model.py --checkpoint $checkpoints/seedling-diffusion.pt --data $data
[ -e $data/prompts.jsonl ] || "$python" scripts/draw_prompts.py --seed 1 --count 1000 --out $data/prompts.jsonl
"$python" scripts/evaluate_reference.py --checkpoint $checkpoints/seedling-diffusion.pt --tokenizer $data/tokenizer.json \
  --prompts $data/prompts.jsonl exact:12 diffusion:0.8
