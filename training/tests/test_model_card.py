"""A model card says what the version's files, its checkpoints and its evaluation say, no more."""

from __future__ import annotations

import json

import gguf
import pytest

from seedbed_training import checkpoint, model_card
from seedbed_training.export import ContractFacts, contract_document, write_version
from seedbed_training.golden_tiny import CHECKPOINTS, from_hugging_face, hugging_face_model
from seedbed_training.sampler.contract import CAUSAL_CONTEXT
from seedbed_training.seedling import CHAT_TEMPLATE

TOKENIZER = (
    '{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []}}'
)
TINY = CHECKPOINTS[0]


@pytest.fixture
def files(tmp_path):
    """The files of a version of a tiny model, with a checkpoint of its last stage beside them."""
    model = from_hugging_face(hugging_face_model(TINY))
    facts = ContractFacts(CAUSAL_CONTEXT, draft_yield=((4, 3.25), (8, 5.5)))
    document = contract_document(model.config, facts)
    folder = tmp_path / "tiny-v7" / "1"
    write_version(folder, model, "tiny", "f16", document, {"format": 1}, TOKENIZER, CHAT_TEMPLATE)
    weights = model.state_dict()
    state = {"model_config": model.config.as_dict(), "model": weights, "average": weights}
    trainer = {"batch_tokens": 3072, "schedule": {"peak": 3e-4, "steps": 500}}
    for name, flops in (("tiny-mask", 2 * 10**12), ("tiny-edit", 5 * 10**12)):
        told = {"flops": flops, "step": 500, "trainer_config": trainer}
        checkpoint.save(tmp_path / f"{name}.pt", state | told)
    (tmp_path / "meta.json").write_text(json.dumps({"samples": 1234, "operations": {"and": 3}}))
    return folder


def tell_training(files, **more):
    """With the checkpoints of the fixture, which lie where the version's folder does."""
    data = files.parents[1]
    stages = [("mask", str(data / "tiny-mask.pt")), ("edit", str(data / "tiny-edit.pt"))]
    model_card.write_training(files, data / "tiny-edit.pt", **{"stages": stages, **more}, data=data)


def arm(name, setting, right, tokens, forwards):
    return {"checkpoint": name, "setting": setting, "flops": 7 * 10**12,
            "right": right, "tokens": tokens, "forwards": forwards}  # fmt: skip


def test_a_card_tells_shape_training_rules_and_results(files):
    tell_training(files)
    results = {"seed": 5, "count": 4, "arms": {
        "AR": arm("plain", "mode=autoregressive", [1, 1, 1, 0], [10] * 4, [10] * 4),
        "exact": arm("tiny-edit", "mode=exact", [1, 1, 0, 0], [10] * 4, [2, 2, 3, 3]),
        "other": arm("tiny-mask", "mode=diffusion", [0] * 4, [10] * 4, [1] * 4),
    }}  # fmt: skip
    measured = files.parents[1] / "results.json"
    measured.write_text(json.dumps(results))
    path = model_card.write(files, measured)
    assert path == files.parent / "README.md"
    card = path.read_text()
    parameters = sum(p.numel() for p in from_hugging_face(hugging_face_model(TINY)).parameters())
    assert card.startswith("# tiny-v7\n")
    assert f"{parameters:,} parameters" in card
    assert "F16, " in card and "3 entries" in card
    assert "5.00e+12 FLOPs in all" in card and "samples 1,234" in card
    assert "| mask | `tiny-mask` | 500 | 3072 | 0.0003 | 2.00e+12 |" in card
    assert "cannot edit" in card and "`draft_length` 12" in card
    assert "| draft length | 4 | 8 |\n|---|---|---|\n| tokens | 3.25 | 5.50 |" in card
    assert "4 prompts of compositions held out of training (seed 5)" in card
    assert "| `mode=exact` | 50.0 (" in card and "| -25.0 (" in card and "| 4.00 |" in card
    assert "`mode=autoregressive` of `plain` (7.00e+12 FLOPs) | 75.0 (" in card
    assert "mode=diffusion" not in card  # that is another checkpoint's


def test_a_card_without_results_says_so_and_is_written_again(files):
    tell_training(files)
    assert "Not measured yet" in model_card.write(files).read_text()
    of_others = {"seed": 5, "count": 1, "arms": {"AR": arm("plain", "", [1], [2], [2])}}
    assert "Not measured yet" in model_card.card(files, of_others)


def test_the_stages_of_an_earlier_version_come_first(files, tmp_path):
    tell_training(files)
    earlier = tmp_path / "tiny-v6"
    (earlier / "1").mkdir(parents=True)
    told = {"stage": "ar", "checkpoint": "tiny-ar"}
    (earlier / "training.json").write_text(json.dumps({"stages": [told]}))
    tell_training(files, after=earlier / "1")
    stages = json.loads((files.parent / "training.json").read_text())["stages"]
    assert [stage["stage"] for stage in stages] == ["ar", "mask", "edit"]


def test_stages_that_end_at_another_checkpoint_are_refused(files, tmp_path):
    with pytest.raises(ValueError, match=r"last stage: tiny-mask \(expected: tiny-edit\)"):
        tell_training(files, stages=[("mask", str(tmp_path / "tiny-mask.pt"))])


def test_a_version_in_no_repository_keeps_its_card_among_its_files(files, tmp_path):
    alone = files.rename(tmp_path / "tiny-v7" / "version")
    tell_training(alone)
    assert model_card.write(alone) == alone / "README.md"


def test_every_stored_parameter_is_counted(files):
    """The count comes from the shape; it has to be that of the tensors."""
    tell_training(files)
    reader = gguf.GGUFReader(files / "model.gguf")
    stored = sum(int(tensor.n_elements) for tensor in reader.tensors)
    assert f"{stored:,} parameters" in model_card.write(files).read_text()
