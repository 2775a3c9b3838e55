"""Asks a service that speaks OpenAI's `POST /v1/completions`."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass


class EndpointError(RuntimeError):
    """The service refused, failed, or did not answer."""


@dataclass(frozen=True)
class Answer:
    """`forwards` is Seedbed's own: None from a service that does not tell."""

    text: str
    finish_reason: str
    tokens: int | None
    forwards: int | None


@dataclass(frozen=True)
class Endpoint:
    """`base_url` ends in /v1; `key` may be empty."""

    base_url: str
    key: str
    model: str
    timeout_seconds: float = 600

    def complete(self, prompt: str, fields: dict) -> Answer:
        """The continuation of `prompt`; `fields` go into the request as they are.

        Raises EndpointError with what the service said.
        """
        url = self.base_url.rstrip("/") + "/completions"
        body = json.dumps({"model": self.model, "prompt": prompt, **fields}).encode()
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise EndpointError(f"{url} refused ({error.code}): {_message(said)}") from error
        except OSError as error:
            raise EndpointError(f"{url} does not answer: {error}") from error
        return _answer(url, content)


def _answer(url: str, content: bytes) -> Answer:
    try:
        document = json.loads(content)
        choice = document["choices"][0]
        usage = document.get("usage") or {}
        if not isinstance(choice["text"], str):
            raise TypeError(f"text is {type(choice['text']).__name__}")
        return Answer(
            choice["text"],
            choice.get("finish_reason") or "",
            usage.get("completion_tokens"),
            (usage.get("seedbed") or {}).get("forward_passes"),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise EndpointError(
            f"{url} answered {content[:200]!r} (expected: an object of OpenAI's completions)"
        ) from error


def _message(said: str) -> str:
    try:
        return str(json.loads(said)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return said[:200]
