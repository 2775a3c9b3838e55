"""Converting a checkpoint: what is chosen, and what is refused with its name and value."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from jinja2 import Environment
from safetensors.torch import load_file, save_file

from seedbed_training.conversion.convert import Options, convert_checkpoint
from seedbed_training.conversion.refusal import CheckpointRefused
from seedbed_training.golden_converted import SOURCES, write_source

BY_TYPE = {source.type: source for source in SOURCES}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """One folder a type, written when it is first asked for."""
    folders: dict[str, Path] = {}

    def of(type_name: str) -> Path:
        if type_name not in folders:
            folders[type_name] = tmp_path_factory.mktemp(type_name)
            write_source(folders[type_name], BY_TYPE[type_name])
        return folders[type_name]

    return of


@pytest.fixture
def copied(published, tmp_path):
    def of(type_name: str) -> Path:
        return shutil.copytree(published(type_name), tmp_path / "source")

    return of


def change(folder: Path, file: str, **keys) -> None:
    """Sets keys of a JSON file; None removes."""
    document = json.loads((folder / file).read_text()) | keys
    left = {key: value for key, value in document.items() if value is not None}
    (folder / file).write_text(json.dumps(left))


def change_tensors(folder: Path, **changed: torch.Tensor | None) -> None:
    file = folder / "model.safetensors"
    tensors = load_file(file) | {name.replace("__", "."): each for name, each in changed.items()}
    save_file({name: each for name, each in tensors.items() if each is not None}, file)


def refusal(folder: Path, options: Options | None = None) -> str:
    out = folder.parent / "version"
    with pytest.raises(CheckpointRefused) as refused:
        convert_checkpoint(folder, out, options or Options())
    assert not out.exists()
    return str(refused.value)


@pytest.mark.parametrize(
    ("type_name", "keys", "message"),
    [
        ("llama", {"architectures": ["GPT2LMHeadModel"]}, "unknown: ['GPT2LMHeadModel'] (expected"),
        ("llama", {"architectures": None}, "architectures is unknown: None"),
        ("llama", {"hidden_act": "gelu"}, "hidden_act is not supported: 'gelu' (expected: 'silu')"),
        ("llama", {"attention_bias": True}, "attention_bias is not supported: True"),
        ("llama", {"new_knob": 3}, "key is unknown: new_knob = 3"),
        ("llama", {"hidden_size": 0}, "hidden_size out of range: 0 (expected: integer"),
        ("llama", {"num_attention_heads": 3}, "heads do not divide"),
        ("llama", {"rms_norm_eps": None}, "key is missing: rms_norm_eps"),
        ("qwen3", {"head_dim": None}, "key is missing: head_dim"),
        ("qwen3", {"head_dim": 15}, "head_dim is odd: 15"),
        ("qwen2", {"use_sliding_window": True}, "use_sliding_window is not supported: True"),
        ("qwen2", {"layer_types": ["sliding_attention"]}, "layer_types holds 'sliding_attention'"),
        ("dream", {"use_mrope": True}, "use_mrope is not supported: True"),
        ("dream", {"rope_scaling": {"type": "yarn", "factor": 4}}, "rope_scaling is not supported"),
        ("dream", {"rope_theta": None}, "key is missing: rope_theta"),
        ("sdar", {"block_size": 64}, "block size out of range: 64 (expected: 1..63)"),
        ("sdar", {"mask_token_id": 300}, "mask token id out of range: 300 (expected: 0..299)"),
        ("sdar", {"mask_token_id": 1}, "mask token is an end token: 1"),
        ("llama", {"vocab_size": 250}, "model.embed_tokens.weight is [300, 32] (expected: [250"),
        ("llama", {"num_hidden_layers": 1}, "tensors are unknown: model.layers.1.input_layernorm"),
        ("llama", {"num_hidden_layers": 3}, "tensors are missing: model.layers.2.input_layernorm"),
    ],
)
def test_a_config_that_is_not_understood_is_refused_by_name(copied, type_name, keys, message):
    folder = copied(type_name)
    change(folder, "config.json", **keys)
    assert message in refusal(folder)


def test_scaled_rope_is_refused_wherever_it_is_written(copied):
    folder = copied("llama")
    change(folder, "config.json", rope_parameters={"rope_theta": 1e4, "rope_type": "llama3"})
    assert "rope_parameters is not supported" in refusal(folder)
    change(folder, "config.json", rope_parameters={"rope_theta": 1e4, "factor": 2.0})
    assert "rope_parameters has a key that is unknown: factor" in refusal(folder)


def test_tensors_that_are_not_those_of_the_config_are_refused_by_name(copied):
    folder = copied("qwen2")
    change_tensors(folder, model__norm__weight=None)
    assert refusal(folder) == "tensors are missing: model.norm.weight"
    change_tensors(folder, model__norm__weight=torch.ones(31))
    assert "wrong shape: model.norm.weight is [31] (expected: [32])" in refusal(folder)
    change_tensors(folder, model__norm__weight=torch.ones(32, dtype=torch.int8))
    assert "wrong type: model.norm.weight is I8 (expected: F16, BF16, F32)" in refusal(folder)
    change_tensors(folder, model__norm__weight=torch.full((32,), torch.nan))
    assert "not finite: model.norm.weight" in refusal(folder)
    change_tensors(folder, model__norm__weight=torch.ones(32), model__lora=torch.ones(2))
    assert refusal(folder) == "tensors are unknown: model.lora"


def test_files_that_are_missing_or_broken_are_refused_by_name(copied):
    folder = copied("llama")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:100])
    assert "not a whole safetensors file: model.safetensors" in refusal(folder)
    (folder / "model.safetensors").unlink()
    assert "no weights" in refusal(folder)
    index = {"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "file is missing" in refusal(folder)
    (folder / "config.json").write_text("{")
    assert "config.json is no JSON" in refusal(folder)
    (folder / "config.json").unlink()
    assert "file is missing" in refusal(folder)


def test_what_the_tokenizer_files_do_not_say_is_asked_for(copied):
    folder = copied("stable_diffcoder")
    change(folder, "tokenizer_config.json", mask_token=None)
    assert "mask token is missing" in refusal(folder) and "--mask-token-id" in refusal(folder)
    change(folder, "tokenizer_config.json", mask_token="<|mask|>", chat_template=None)
    assert "chat template is missing" in refusal(folder)
    change(folder, "config.json", eos_token_id=None)
    change(folder, "generation_config.json", eos_token_id=None)
    assert "end token is missing" in refusal(folder)
    (folder / "tokenizer.json").unlink()
    assert "tokenizer is missing" in refusal(folder)


def test_options_out_of_range_are_refused(published, tmp_path):
    source = published("sdar")
    for options, message in (
        (Options(type="mamba"), "type is unknown: 'mamba'"),
        (Options(context_length=257), "context length out of range: 257 (expected: 1..256"),
        (Options(context_length=7), "context length out of range: 7 (expected: at least 8"),
        (Options(tolerance=50.0, attempts=2), "no trace has enough margin after 2 requests"),
    ):
        with pytest.raises(CheckpointRefused, match=message.replace("(", r"\(")):
            convert_checkpoint(source, tmp_path / "version", options)
    with pytest.raises(CheckpointRefused, match="folder exists"):
        convert_checkpoint(source, tmp_path, Options())
    assert not list(tmp_path.iterdir())


def converted(source: Path, out: Path, **options) -> tuple[dict, dict[str, str]]:
    """contract.json, and the type of each tensor."""
    convert_checkpoint(source, out, Options(attempts=200, **options))
    tensors = gguf.GGUFReader(out / "model.gguf").tensors
    contract = json.loads((out / "contract.json").read_text())
    return contract, {each.name: each.tensor_type.name for each in tensors}


def test_a_value_that_f16_cannot_hold_keeps_its_tensor_in_f32(copied, tmp_path):
    folder = copied("llama")
    odd = load_file(folder / "model.safetensors")["model.layers.0.mlp.up_proj.weight"].float()
    odd[0, 0] = 1 + 2**-20
    change_tensors(folder, model__layers__0__mlp__up_proj__weight=odd)
    _, types = converted(folder, tmp_path / "auto")
    assert types["blk.0.ffn_up.weight"] == "F32" and types["blk.0.ffn_down.weight"] == "F16"
    odd[0, 0] = 1e6
    change_tensors(folder, model__layers__0__mlp__up_proj__weight=odd)
    assert "does not fit F16" in refusal(folder, Options(weights="f16"))


def test_weights_can_be_asked_for_in_one_type(published, tmp_path):
    for weights, name in (("f32", "F32"), ("q8_0", "Q8_0")):
        _, types = converted(published("qwen3"), tmp_path / weights, weights=weights)
        assert types["token_embd.weight"] == types["blk.1.attn_q.weight"] == name
        assert types["blk.0.attn_q_norm.weight"] == "F32"


def test_shards_give_the_version_of_one_file(published, copied, tmp_path):
    folder = copied("qwen3")
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    weight_map = {}
    for number, names in enumerate(np.array_split(sorted(tensors), 3)):
        file = f"model-{number}.safetensors"
        save_file({str(name): tensors[name] for name in names}, folder / file)
        weight_map |= {str(name): file for name in names}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    for source, out in ((published("qwen3"), "one"), (folder, "three")):
        convert_checkpoint(source, tmp_path / out, Options(name="same"))
    one, three = ((tmp_path / out / "model.gguf").read_bytes() for out in ("one", "three"))
    assert one == three
    save_file({"model.norm.weight": torch.ones(32)}, folder / "again.safetensors")
    index.unlink()
    assert "tensor is there twice: model.norm.weight" in refusal(folder)


def test_a_plain_model_decodes_one_token_at_a_time_and_needs_no_mask(published, tmp_path):
    contract, _ = converted(published("qwen2"), tmp_path / "version")
    assert contract["modes"] == ["autoregressive"]
    assert contract["default_policy"]["mode"] == "autoregressive"
    assert contract["mask_token_id"] in contract["forbidden_output"]


def test_options_go_before_what_the_files_say(copied, tmp_path):
    folder = copied("qwen2")
    (tmp_path / "template").write_text("own")
    change(folder, "config.json", unheard_of=[1])
    contract, _ = converted(
        folder,
        tmp_path / "version",
        type="dream",
        block_size=8,
        context_length=64,
        mask_token_id=3,
        end_token_ids=(4, 5),
        chat_template=tmp_path / "template",
        ignored_keys=frozenset({"unheard_of"}),
    )
    assert (contract["attention"], contract["shift_logits"]) == ("full", True)
    assert (contract["block_size"], contract["context_length"]) == (8, 64)
    assert (contract["mask_token_id"], contract["end_token_ids"]) == (3, [4, 5])
    assert contract["forbidden_output"] == [0, 3]
    assert (tmp_path / "version" / "chat_template.jinja").read_text() == "own"


def test_a_template_that_writes_the_first_token_brings_it_along(copied, tmp_path):
    folder = copied("llama")
    template = "{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}"
    change(folder, "tokenizer_config.json", chat_template=template, bos_token="<|sep|>")
    converted(folder, tmp_path / "version")
    written = (tmp_path / "version" / "chat_template.jinja").read_text()
    rendered = Environment().from_string(written).render(messages=[{"content": "x"}], bos_token="")
    assert rendered == "<|sep|>x"


def test_a_tokenizer_of_the_qwen2_family_may_come_as_vocabulary_and_merges(copied, tmp_path):
    folder = copied("dream")
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    converted(folder, tmp_path / "version")
    made = json.loads((tmp_path / "version" / "tokenizer.json").read_text())
    assert made["model"]["vocab"]["<|mask|>"] == 2
