"""The official clients, each as a program: sends one completion as anyone would, with its default retries, and says in JSON what came of it.

`python one_request.py`, `node one_request.js` and OneRequest.java do the same. They say when they are ready, and send at a line of stdin.
$SEEDBED_REQUEST is the body; $SEEDBED_IDEMPOTENCY_KEY goes into the header of that name, unless it is empty; $SEEDBED_TIMEOUT_SECONDS is how long each
try may take; after the first text of a stream $SEEDBED_FAULT is done: arguments of kill(1).
"""

import json
import os
import subprocess
from typing import Any

import openai


def main() -> None:
    body = json.loads(os.environ["SEEDBED_REQUEST"])
    seen: dict[str, Any] = {"text": "", "tokens": None, "error": None}
    key = os.environ["SEEDBED_IDEMPOTENCY_KEY"]
    with openai.OpenAI(
        base_url=f"{os.environ['SEEDBED_BASE_URL']}/v1",
        api_key=os.environ["SEEDBED_API_KEY"],
        default_headers={"Idempotency-Key": key} if key else {},
        timeout=float(os.environ["SEEDBED_TIMEOUT_SECONDS"]),
    ) as client:
        print("ready", flush=True)
        input()
        known = {name: body.pop(name) for name in ("model", "prompt", "max_tokens", "temperature", "top_p", "seed")}
        try:
            if body.pop("stream", False):
                for chunk in client.completions.create(**known, stream=True, extra_body=body):
                    if not seen["text"] and chunk.choices[0].text:
                        subprocess.run(["kill", *os.environ["SEEDBED_FAULT"].split()], check=True)
                    seen["text"] += chunk.choices[0].text
            else:
                whole = client.completions.create(**known, extra_body=body)
                seen |= {"text": whole.choices[0].text, "tokens": whole.usage.completion_tokens}
        except Exception as error:
            seen["error"] = {"class": type(error).__name__, "ours": isinstance(error, openai.OpenAIError), "code": getattr(error, "code", None), "message": str(error)}
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
