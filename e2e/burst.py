"""Many requests at the same moment, each on a connection of its own, over several replicas in turn."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Outcome:
    """What one client saw. `status` is None when the connection was refused, broke, or nothing came in time."""

    status: int | None
    request_id: str | None
    body: dict[str, Any]

    @property
    def code(self) -> str | None:
        """Of the error in the body."""
        return (self.body.get("error") or {}).get("code")


def run(
    addresses: Sequence[tuple[str, int]],
    api_key: str,
    bodies: Sequence[dict[str, Any]],
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[Outcome]:
    """POST /v1/completions for each body. Returns when the last client has its answer, or knows that none will come."""

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(send(addresses[n % len(addresses)], api_key, body, patience_seconds) for n, body in enumerate(bodies)))

    return asyncio.run(all_at_once())


async def send(
    address: tuple[str, int],
    api_key: str,
    body: dict[str, Any],
    patience_seconds: float,
) -> Outcome:
    content = json.dumps(body).encode()
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: {address[0]}\r\nAuthorization: Bearer {api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    try:
        async with asyncio.timeout(patience_seconds):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(head.encode() + content)
                return outcome_of(await reader.read())
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return Outcome(None, None, {})


def outcome_of(answer: bytes) -> Outcome:
    """Of a whole HTTP/1.1 answer on a connection that the server closed; one that is cut short counts as none."""
    head, found, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if not found or not lines[0].startswith("HTTP/1.1 "):
        return Outcome(None, None, {})
    if headers.get("transfer-encoding") == "chunked":
        body = joined(body)
    try:
        return Outcome(int(lines[0].split()[1]), headers.get("x-request-id"), json.loads(body))
    except ValueError:
        return Outcome(None, headers.get("x-request-id"), {})


def joined(chunked: bytes) -> bytes:
    """The content of a chunked body, as far as it came."""
    content = b""
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        length = int(size, 16)
        content += rest[:length]
        chunked = rest[length + 2 :]
    return content


def statuses(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many clients saw what, for example {"200": 50, "429 budget_exceeded": 950}."""
    seen = Counter("no answer" if outcome.status is None else " ".join(filter(None, (str(outcome.status), outcome.code))) for outcome in outcomes)
    return dict(sorted(seen.items()))
