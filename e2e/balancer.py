"""A load balancer as small as can be: TCP connections to one port go to the replicas in turn; one that does not accept is left out."""

import asyncio
import itertools
import threading
from collections.abc import Sequence
from contextlib import suppress

Address = tuple[str, int]


class Balancer:
    """Runs in a thread of its own. Knows nothing of HTTP: a connection stays with its replica until one of both sides closes it."""

    def __init__(self, replicas: Sequence[Address]):
        self._replicas = replicas
        self._turn = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Balancer":
        self._thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop).result()
        self.base_url = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            from_replica, to_replica = await self._connect()
        except OSError:
            to_client.transport.abort()
            return
        with suppress(asyncio.CancelledError):  # the balancer ends
            await asyncio.gather(pump(from_client, to_replica), pump(from_replica, to_client))

    async def _hang_up(self) -> None:
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        first = next(self._turn)
        refused: OSError | None = None
        for number in range(len(self._replicas)):
            try:
                return await asyncio.open_connection(*self._replicas[(first + number) % len(self._replicas)])
            except OSError as error:
                refused = error
        raise refused or OSError("no replicas")


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Passes on what comes, and the end of it."""
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()
