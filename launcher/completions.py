"""Streams from POST /v1/completions, with the drafts and the work that Seedbed adds to OpenAI's shapes."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from launcher.screen import LauncherError


@dataclass(frozen=True)
class Service:
    """A running control plane and a tenant's key to it."""

    base_url: str
    api_key: str
    model: str

    @staticmethod
    def of(values: dict[str, str]) -> "Service":
        """Of a stack that is up, by the names of demo.env."""
        return Service(values["SEEDBED_BASE_URL"], values["SEEDBED_API_KEY"], values["SEEDBED_MODEL"])


@dataclass(frozen=True)
class Chunk:
    """What one server-sent event brings; an absent part is empty."""

    text: str = ""
    draft: str | None = None  # the whole current draft, which replaces the one before
    finish_reason: str | None = None
    work: dict[str, int] = field(default_factory=dict)  # of the whole generation; comes with the last chunk


def stream(service: Service, body: dict[str, Any], timeout_seconds: float = 600) -> Iterator[Chunk]:
    """Sends the request and yields chunks until the stream ends properly. An error, also one within the stream, is a LauncherError."""
    request = urllib.request.Request(
        f"{service.base_url}/v1/completions",
        data=json.dumps({"model": service.model, "stream": True, "stream_options": {"include_usage": True}, **body}).encode(),
        headers={"Authorization": f"Bearer {service.api_key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:
            for line in answer:
                if not line.startswith(b"data:"):
                    continue
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                yield chunk_of(json.loads(data))
    except urllib.error.HTTPError as error:
        raise LauncherError(f"the request was refused ({error.code}): {message_of(error.read())}") from error
    except OSError as error:
        raise LauncherError(f"the control plane does not answer: {error}") from error
    raise LauncherError("the stream ended too early")


def chunk_of(event: dict[str, Any]) -> Chunk:
    if "error" in event:
        raise LauncherError(f"the generation failed: {event['error'].get('message')}")
    choices = event.get("choices") or [{}]
    draft = (event.get("seedbed") or {}).get("draft")
    return Chunk(choices[0].get("text") or "", draft and draft["text"], choices[0].get("finish_reason"), work_of(event.get("usage")))


def work_of(usage: dict[str, Any] | None) -> dict[str, int]:
    return {"committed_tokens": usage["completion_tokens"], **usage["seedbed"]} if usage else {}


def message_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:500]
