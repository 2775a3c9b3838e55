"""`evaluate`: pass@1 and tokens per forward pass over held-out prompts, HTTP in, compiled and run. Long, so it can be resumed."""

import argparse
import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launcher import intervals, machine, temporary_stack, up, venv
from launcher.build import java_env, run_logged
from launcher.completions import Service, stream
from launcher.screen import LauncherError, say, step
from launcher.settings import DEFAULT_VERSION, ROOT, Settings

MODES = ("autoregressive", "exact", "diffusion")
MAX_TOKENS = 320
WORK = ("committed_tokens", "forward_passes", "positions_evaluated")


def evaluate(settings: Settings, options: argparse.Namespace) -> int:
    modes = options.modes.split(",")
    if unknown := [mode for mode in modes if mode not in MODES]:
        raise LauncherError(f"unknown mode: {unknown[0]} (expected: {', '.join(MODES)})")
    up.prepare(settings)
    version = options.model_version
    contract = (settings.files_of(version) / "contract.json").read_bytes()
    identity = {"model": hashlib.sha256(contract).hexdigest(), "seed": options.seed, "prompts": options.prompts, "temperature": options.temperature, "max_tokens": MAX_TOKENS}
    if options.draft_length is not None:
        identity["draft_length"] = options.draft_length
    folder = settings.build_home / "evaluation" / hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    prompts = draw(settings, folder, options)
    result: dict[str, Any] = {"machine": machine.describe(), "model_version": version, **identity, "modes": {}}
    answers: dict[str, dict[str, dict[str, Any]]] = {}
    with service(settings) as target:
        for mode in modes:
            answers[mode] = answer(target, prompts, mode, options, folder / f"{mode}.jsonl")
    verdicts = {mode: judge(settings, folder, mode, answers[mode]) for mode in modes}
    for mode in modes:
        result["modes"][mode] = summary(prompts, answers[mode], verdicts[mode])
        if mode == "diffusion" and "exact" in modes:
            result["diffusion_minus_exact"] = difference(verdicts["diffusion"], verdicts["exact"])
    unequal: list[str] = []
    if {"autoregressive", "exact"} <= set(modes):
        unequal = [prompt["id"] for prompt in prompts if answers["exact"][prompt["id"]]["text"] != answers["autoregressive"][prompt["id"]]["text"]]
        result["exact_equals_autoregressive"] = {"prompts": len(prompts), "equal": len(prompts) - len(unequal), "unequal": unequal}
    out = Path(options.out) if options.out else default_out(version, options.temperature)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    show(result)
    say(f"\nwritten to {os.path.relpath(out)}")
    return 1 if unequal else 0


def default_out(version: str, temperature: float) -> Path:
    name = "evaluation"
    if version != DEFAULT_VERSION:
        name += f"-{version}"
    if temperature != 0:
        name += f"-temperature-{temperature:g}"
    return ROOT / "docs" / "results" / f"{name}.json"


def draw(settings: Settings, folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    file, log = folder / "prompts.jsonl", settings.build_home / "logs" / "evaluate.log"
    if not file.exists():
        scratch = file.with_suffix(".new")
        command = [venv.python(settings), ROOT / "training/scripts/draw_prompts.py", f"--seed={options.seed}", f"--count={options.prompts}", f"--out={scratch}"]
        with step(f"draw {options.prompts} held-out prompts", log):
            run_logged([str(part) for part in command], log, java_env())
        scratch.rename(file)
    return read_lines(file)


@contextmanager
def service(settings: Settings) -> Iterator[Service]:
    """The stack that is up, else one of its own."""
    if settings.demo_env.exists():
        yield Service.of(settings.running())
        return
    with temporary_stack.running(settings.build_home / "evaluation" / "stack") as stack:
        yield Service.of(stack.environment())


def answer(target: Service, prompts: list[dict[str, Any]], mode: str, options: argparse.Namespace, file: Path) -> dict[str, dict[str, Any]]:
    """Answers by prompt id; those that an interrupted run left in the file are kept."""
    answers = {line["id"]: line for line in read_lines(file)} if file.exists() else {}
    missing = [(number, prompt) for number, prompt in enumerate(prompts) if prompt["id"] not in answers]
    if not missing:
        return answers

    def ask(number: int, prompt: dict[str, Any]) -> dict[str, Any]:
        # A seed of its own for each prompt, the same in every mode.
        body = {"model": options.model_version, "prompt": prompt["prompt"], "mode": mode, "max_tokens": MAX_TOKENS, "temperature": options.temperature, "seed": number}
        if mode == "exact" and options.draft_length is not None:
            body["draft_length"] = options.draft_length
        text, work, reason = "", {}, None
        for chunk in stream(target, body):
            text += chunk.text
            work = chunk.work or work
            reason = chunk.finish_reason or reason
        return {"id": prompt["id"], "text": text, "finish_reason": reason, **{name: work[name] for name in WORK}}

    with step(f"{mode}: {len(missing)} prompts", file), file.open("a") as out, ThreadPoolExecutor(options.concurrency) as pool:
        pending = [pool.submit(ask, number, prompt) for number, prompt in missing]
        try:
            for done, future in enumerate(as_completed(pending), 1):
                line = future.result()
                answers[line["id"]] = line
                out.write(json.dumps(line) + "\n")
                out.flush()
                if done % 100 == 0:
                    say(f"  {mode}: {done} of {len(missing)}")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return answers


def judge(settings: Settings, folder: Path, mode: str, answers: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Kind of verdict by prompt id."""
    log = settings.build_home / "logs" / "evaluate.log"
    completions, details = folder / f"{mode}.completions.jsonl", folder / f"{mode}.verdicts.jsonl"
    completions.write_text("".join(json.dumps({"id": key, "completion": line["text"]}) + "\n" for key, line in answers.items()))
    command = [venv.python(settings), ROOT / "training/scripts/judge.py", f"--prompts={folder / 'prompts.jsonl'}", f"--completions={completions}", f"--details={details}"]
    with step(f"compile and run the answers of {mode}", log):
        run_logged([str(part) for part in command], log, java_env())
    return {line["id"]: line["kind"] for line in read_lines(details)}


def passed(verdicts: dict[str, str]) -> dict[str, int]:
    return {key: int(kind == "pass") for key, kind in verdicts.items()}


def summary(prompts: list[dict[str, Any]], answers: dict[str, dict[str, Any]], verdicts: dict[str, str]) -> dict[str, Any]:
    outcomes = passed(verdicts)
    totals = {name: sum(line[name] for line in answers.values()) for name in WORK}
    depths = sorted({prompt["depth"] for prompt in prompts})
    return {
        "pass_at_1": sum(outcomes.values()) / len(outcomes),
        "interval_95": intervals.of_mean(list(outcomes.values())),
        "tokens_per_forward": totals["committed_tokens"] / totals["forward_passes"],
        "characters_per_forward": sum(len(line["text"]) for line in answers.values()) / totals["forward_passes"],
        "positions_per_token": totals["positions_evaluated"] / totals["committed_tokens"],
        **totals,
        "verdicts": {kind: list(verdicts.values()).count(kind) for kind in sorted(set(verdicts.values()))},
        "pass_at_1_by_depth": {depth: mean([outcomes[prompt["id"]] for prompt in prompts if prompt["depth"] == depth]) for depth in depths},
    }


def difference(one: dict[str, str], other: dict[str, str]) -> dict[str, Any]:
    """Of pass@1, prompt by prompt."""
    left, right = passed(one), passed(other)
    values = [left[key] - right[key] for key in left]
    return {"pass_at_1": mean(values), "interval_95": intervals.of_mean(values)}


def mean(values: list[int]) -> float:
    return sum(values) / len(values)


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def show(result: dict[str, Any]) -> None:
    say(f"\n{result['prompts']} held-out prompts, temperature {result['temperature']:g}, {result['model_version']}; {machine.in_words(result['machine'])}")
    say(f"  {'mode':16}{'pass@1':>9}{'95 % interval':>18}{'tokens/forward':>16}{'characters/forward':>20}{'positions/token':>17}")
    for name, mode in result["modes"].items():
        low, high = mode["interval_95"]
        say(
            f"  {name:16}{mode['pass_at_1']:9.1%}{f'{low:.1%} .. {high:.1%}':>18}{mode['tokens_per_forward']:16.2f}"
            f"{mode['characters_per_forward']:20.2f}{mode['positions_per_token']:17.1f}"
        )
    if gap := result.get("diffusion_minus_exact"):
        low, high = gap["interval_95"]
        say(f"  diffusion - exact: {gap['pass_at_1'] * 100:+.1f} points ({low * 100:+.1f} .. {high * 100:+.1f})")
    if same := result.get("exact_equals_autoregressive"):
        say(f"  exact = autoregressive on {same['equal']} of {same['prompts']} prompts")
