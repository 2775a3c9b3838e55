"""README.md of a model version: what it is, how it came to be, what it can do and what it cannot.

Everything in it is read: the shape from model.gguf, the rules from contract.json, the training from
training.json (which the exporter writes from checkpoints), results from what evaluate_ablation.py
wrote. So it can be written again after an evaluation, and never says what was not measured.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from . import checkpoint
from .model import ModelConfig, Transformer
from .report.results import comparison_of
from .stored_model import stored_config, stored_types

TRAINING = "training.json"
CARD = "README.md"
# Facts of a data set that a reader of the card wants; meta.json has many more.
_DATA_FACTS = ("seed", "samples", "tokens", "compositions")
_MODE_WORDS = {
    "autoregressive": "one token a forward pass",
    "exact": "the tokens of `autoregressive`, several a forward pass",
    "diffusion": "blocks of tokens revealed by confidence",
}
_LIMITS = """\
It writes small static Java methods of one generated domain (loops, streams and arithmetic over
numbers, strings, arrays and lists, one to three operations deep) from a one-line Javadoc and a
signature in that domain's English, and is not for anything else. It is a test bed for decoding and
serving: it knows no Java beyond that domain, follows no instructions, holds no conversation and
tells no doubts. Read what it wrote before you run it."""


def stage_of(name: str, state: dict, checkpoint_name: str) -> dict:
    """What a checkpoint tells of the stage that wrote it; what it does not hold is left out."""
    config = state.get("trainer_config", {})
    facts = {
        "stage": name,
        "checkpoint": checkpoint_name,
        "steps": state.get("step"),
        "batch_tokens": config.get("batch_tokens"),
        "learning_rate": config.get("schedule", {}).get("peak"),
        "flops": state["flops"],  # since the first stage
    }
    return {key: value for key, value in facts.items() if value is not None}


def folder_of(files: Path) -> Path:
    """Where the card of a version lies: beside its folder `1`, or among its files where the version
    is in no repository."""
    return files.parent if files.resolve().name == "1" else files


def write_training(
    files: Path,
    last: Path,
    stages: Sequence[tuple[str, str]],
    data: Path,
    after: Path | None = None,
) -> None:
    """Writes training.json of the version whose files are in `files`.

    `last` is the exported checkpoint; `stages` are (name, checkpoint) in order; `after` is the
    folder with the files of the version whose stages came before. Raises ValueError when the stages
    do not end at `last`.
    """
    told = [stage_of(name, checkpoint.load(Path(file)), Path(file).stem) for name, file in stages]
    if told and told[-1]["checkpoint"] != last.stem:
        raise ValueError(f"last stage: {told[-1]['checkpoint']} (expected: {last.stem})")
    before = json.loads((folder_of(after) / TRAINING).read_text())["stages"] if after else []
    document = {
        "checkpoint": last.stem,
        "flops": checkpoint.load(last)["flops"],
        "stages": before + told,
    }
    if (data / "meta.json").exists():
        meta = json.loads((data / "meta.json").read_text())
        document["data"] = {name: meta[name] for name in _DATA_FACTS if name in meta}
    (folder_of(files) / TRAINING).write_text(json.dumps(document, indent=2) + "\n")


def write(files: Path, results: Path | None = None) -> Path:
    """Writes README.md of the version whose files are in `files`, with what `results` say of its
    checkpoint; returns where."""
    path = folder_of(files) / CARD
    path.write_text(card(files, json.loads(results.read_text()) if results else None))
    return path


def card(files: Path, results: dict | None) -> str:
    contract = json.loads((files / "contract.json").read_text())
    training = json.loads((folder_of(files) / TRAINING).read_text())
    name = folder_of(files).resolve().name
    config = stored_config(files / "model.gguf")
    sections = [
        f"# {name}\n\n<!-- Written by training/scripts/write_model_card.py: change that. -->",
        f"A block-diffusion code model of {_parameters(config):,} parameters: it writes the body "
        "of a Java method\nfrom a one-line Javadoc and a signature.",
        "## Model\n" + _table(_model_facts(files, config, contract)),
        "## Training\n" + _training(training),
        "## Decoding\n" + _decoding(contract),
        "## Results\n" + _results(training["checkpoint"], results),
        "## Limits\n" + _LIMITS,
    ]
    if licence := _licence():
        sections.append(f"## Licence\n{licence}")
    sections.append("## Again\n" + _reproduction(name))
    return "\n\n".join(sections) + "\n"


def _parameters(config: ModelConfig) -> int:
    return Transformer(config).parameter_count()


def _model_facts(files: Path, config: ModelConfig, contract: dict) -> dict[str, str]:
    vocabulary = Tokenizer.from_file(str(files / "tokenizer.json")).get_vocab_size()
    return {
        "architecture": f"`{config.architecture}`: {config.layers} layers, {config.width} wide, "
        f"{config.heads} heads ({config.kv_heads} of keys and values), feed-forward "
        f"{config.ffn_width}, "
        + ("tied" if config.tied_embeddings else "separate")
        + " embeddings"
        + (", visible tokens of the active block are marked" if config.marks_visible else ""),
        "attention": f"`{contract['attention']}`",
        "context": f"{contract['context_length']} positions",
        "weights": f"{', '.join(stored_types(files / 'model.gguf'))}, "
        f"{(files / 'model.gguf').stat().st_size / 1e6:.1f} MB",
        "tokenizer": f"byte-level BPE, {vocabulary:,} entries",
    }


def _training(training: dict) -> str:
    lines = [
        f"{training['flops']:.2e} FLOPs in all, as `training/seedbed_training/flops.py` counts."
    ]
    if data := training.get("data"):
        facts = ", ".join(f"{name} {count:,}" for name, count in data.items())
        lines.append(f"Data, as the data set's meta.json tells: {facts}.")
    if training["stages"]:
        rows = ["| stage | checkpoint | steps | tokens a step | peak rate | FLOPs so far |",
                "|---|---|---|---|---|---|"]  # fmt: skip
        for stage in training["stages"]:
            flops = f"{stage['flops']:.2e}" if "flops" in stage else ""
            cells = (stage["stage"], f"`{stage['checkpoint']}`",
                     *(stage.get(key, "") for key in ("steps", "batch_tokens", "learning_rate")),
                     flops)  # fmt: skip
            rows.append("| " + " | ".join(map(str, cells)) + " |")
        lines.append("\n" + "\n".join(rows))
    return "\n".join(lines)


def _decoding(contract: dict) -> str:
    modes = "\n".join(f"- `{mode}`: {_MODE_WORDS[mode]}" for mode in contract["modes"])
    policy = ", ".join(f"`{name}` {value}" for name, value in contract["default_policy"].items())
    edits = "can" if contract["can_edit"] else "cannot"
    text = (
        f"{modes}\n\nBlocks of {contract['block_size']} positions, at most "
        f"{contract['max_block_size']}. It {edits} edit visible tokens.\n"
        f"A request that says nothing gets: {policy}."
    )
    if pairs := contract.get("draft_yield"):
        text += (
            "\n\nTokens per forward pass of `exact` by draft length, on held-out prompts:\n\n"
            + _columns(["draft length", *(length for length, _ in pairs)],
                       ["tokens", *(f"{tokens:.2f}" for _, tokens in pairs)])
        )  # fmt: skip
    return text


def _results(name: str, results: dict | None) -> str:
    """The arms of this checkpoint, after the autoregressive arm that they are compared with."""
    measured = (
        comparison_of(results, "results", ("right",), ("tokens", "forwards")) if results else None
    )
    mine = [arm for arm in measured.arms if arm.checkpoint == name] if measured else []
    if not mine:
        return (
            "Not measured yet: `training/scripts/evaluate_ablation.py` measures, "
            "`write_model_card.py` fills this in."
        )
    baseline = measured.baseline
    rows = [
        "| setting | pass@1, % | minus AR, points | tokens a forward pass |",
        "|---|---|---|---|",
    ]
    for arm in ([baseline] if baseline and baseline not in mine else []) + mine:
        what = f"`{arm.setting.text}`"
        if arm not in mine:
            what += f" of `{arm.checkpoint}` ({arm.flops:.2e} FLOPs)"
        compared = arm.minus(baseline, "right").signed if baseline and arm is not baseline else "–"
        tokens = arm.per_forward("tokens")
        rows.append(f"| {what} | {arm.share('right').text} | {compared} | {tokens:.2f} |")
    return (
        f"{measured.count:,} prompts of compositions held out of training (seed "
        f"{measured.seed}), answers compiled and run, every\nforward pass counted, reference "
        "sampler. In brackets: 95 % intervals of a bootstrap over prompts.\n\n" + "\n".join(rows)
    )


def _reproduction(name: str) -> str:
    return (
        "`training/runs/cpu.sh` goes the whole way from nothing to the exported versions; "
        "`training/LOG.md` tells what was tried.\n"
        f"`./seedbed evaluate --model-version {name}` measures it through the whole stack."
    )


def _licence() -> str | None:
    """Of the repository; None where it has none."""
    root = Path(__file__).resolve().parents[2]
    for file in sorted(root.glob("LICENSE*")):
        return file.read_text().strip().splitlines()[0].strip() + f" (`{file.name}`)"
    return None


def _table(facts: dict[str, str]) -> str:
    return "\n".join(
        ["| | |", "|---|---|", *(f"| {key} | {text} |" for key, text in facts.items())]
    )


def _columns(*rows: list) -> str:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
