"""Measures a served model on a Java benchmark of others: pass@1, compiled and run.

`python scripts/evaluate_benchmark.py --format humaneval-x --file FILE --endpoint
http://127.0.0.1:8080/v1 --api-key-env SEEDBED_API_KEY --model NAME --out FILE`. Any service with
OpenAI's `/v1/completions` will do; --mode and the like are Seedbed's own and sent only when given.
An answer is cut to one method. --out (JSON lines) keeps what was answered, so that an interrupted
run goes on.

THE ANSWERS ARE RUN. What a model writes is compiled and executed on this machine with your rights,
in a temporary folder, with limits of time, heap and file size and without the environment, but in
no sandbox: use a container or a virtual machine that has nothing to lose.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from seedbed_training.benchmarks.answers import AnswerFile, summarize
from seedbed_training.benchmarks.endpoint import Answer, Endpoint
from seedbed_training.benchmarks.program import program
from seedbed_training.benchmarks.running import judge
from seedbed_training.benchmarks.tasks import FORMATS, BenchmarkTask, read_tasks
from seedbed_training.sampler.contract import MODES, POLICIES

_REQUEST = (
    "max_tokens", "temperature", "top_p", "seed", "stop", "mode", "policy", "threshold",
    "block_size", "draft_length",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--file", type=Path, required=True, help="*.jsonl or *.jsonl.gz")
    parser.add_argument("--count", type=int, help="only the first tasks")
    parser.add_argument("--out", type=Path, required=True, help="answers and verdicts")
    whom = parser.add_argument_group("whom to ask")
    whom.add_argument("--endpoint", help="base URL, up to /v1")
    whom.add_argument("--model")
    whom.add_argument("--api-key-env", metavar="NAME", help="the variable that holds the key")
    whom.add_argument("--concurrency", type=int, default=4, help="requests at a time")
    whom.add_argument(
        "--solutions", action="store_true",
        help="ask nobody and judge the file's own solutions: shows that file and JDK fit",
    )  # fmt: skip
    request = parser.add_argument_group("the request")
    request.add_argument("--max-tokens", type=int, default=512)
    request.add_argument("--temperature", type=float, default=0.0)
    request.add_argument("--top-p", type=float)
    request.add_argument("--seed", type=int)
    request.add_argument("--stop", action="append", help="text that ends an answer; up to four")
    request.add_argument("--mode", choices=MODES)
    request.add_argument("--policy", choices=POLICIES)
    request.add_argument("--threshold", type=float)
    request.add_argument("--block-size", type=int)
    request.add_argument("--draft-length", type=int)
    limits = parser.add_argument_group("limits of a program")
    limits.add_argument("--seconds", type=int, default=10, help="processor time; 5 times by clock")
    limits.add_argument("--heap-mib", type=int, default=512)
    options = parser.parse_args()

    tasks = read_tasks(options.file, options.format)[: options.count]
    if options.solutions:
        fields, ask = {}, _solution
        tasks = [task for task in tasks if task.solution is not None]
    else:
        endpoint = _endpoint(parser, options)
        fields = {name: getattr(options, name) for name in _REQUEST}
        fields = {name: value for name, value in fields.items() if value is not None}

        def ask(task: BenchmarkTask) -> Answer:
            return endpoint.complete(task.asked, fields)

    asked = {
        "format": options.format,
        "sha256": hashlib.sha256(options.file.read_bytes()).hexdigest(),
        "model": "the file's solutions" if options.solutions else options.model,
        "request": fields,
    }
    file = AnswerFile(options.out, asked)
    left = [task for task in tasks if task.task_id not in file.answers]
    with ThreadPoolExecutor(options.concurrency) as pool:
        pending = {pool.submit(ask, task): task for task in left}
        try:
            for number, future in enumerate(as_completed(pending), 1):
                task, answer = pending[future], future.result()
                source = program(task.opening, answer.text, task.test)
                verdict = judge(source, options.seconds, options.heap_mib)
                file.add({"task_id": task.task_id, **vars(answer), **vars(verdict)})
                if sys.stderr.isatty():
                    print(f"\r{number}/{len(left)}", end="", file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    print(json.dumps(summarize(file.answers[task.task_id] for task in tasks), indent=1))


def _endpoint(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Endpoint:
    if not (options.endpoint and options.model):
        parser.error("--endpoint and --model are missing (expected: both, or --solutions)")
    key = os.environ.get(options.api_key_env, "") if options.api_key_env else ""
    if options.api_key_env and not key:
        parser.error(f"--api-key-env {options.api_key_env}: no such variable (expected: a key)")
    return Endpoint(options.endpoint, key, options.model)


def _solution(task: BenchmarkTask) -> Answer:
    return Answer(task.solution, "", None, None)


if __name__ == "__main__":
    main()
