"""Cables between a node and what it needs: TCP connections that a test cuts and mends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeAlias

Target: TypeAlias = "Path | int"
CHUNK = 65536


class Cables:
    """A thread that carries what goes through all cables."""

    def __init__(self) -> None:
        """Start it."""
        self._laid: list[Cable] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def lay(self, target: Target) -> Cable:
        """Return a new cable to a Unix socket or a port of this machine."""
        cable = Cable(target)
        self.run(cable.open())
        self._laid.append(cable)
        return cable

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the thread; return what comes of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def cut(self, *cables: Cable, silently: bool) -> None:
        """Cut: connections break and new ones too, or (silently) nothing gets through and nobody is told."""
        for cable in cables:
            self.run(cable.cut(silently=silently))

    def mend(self, *cables: Cable) -> None:
        """Let everything through again."""
        for cable in cables:
            self.run(cable.mend())

    def close(self) -> None:
        """End the thread."""
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _end(self) -> None:
        for cable in self._laid:
            cable.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # Transports close their sockets in a later round of the loop.
        await asyncio.sleep(0.05)


class Cable:
    """One way to one server; `port` is this end of it."""

    def __init__(self, target: Target) -> None:
        """Lead nowhere until `open`."""
        self.port = 0
        self._target = target
        self._whole = True
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Carry nothing more."""
        self._server.close()
        self._break_off()

    async def cut(self, *, silently: bool) -> None:
        """See `Cables.cut`."""
        self._whole = silently
        self._flows.clear()
        if not silently:
            self._break_off()

    async def mend(self) -> None:
        """See `Cables.mend`."""
        if not self._whole:
            self._break_off()
        self._whole = True
        self._flows.set()

    def _break_off(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            if not self._whole:
                return
            await self._flows.wait()
            answers, far = await self._reach()
            self._open.add(far)
            await asyncio.gather(self._pump(reader, far), self._pump(answers, writer))
        except OSError:
            pass
        finally:
            for end in filter(None, (writer, far)):
                self._open.discard(end)
                end.transport.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, int):
            return await asyncio.open_connection("127.0.0.1", self._target)
        return await asyncio.open_unix_connection(str(self._target))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            await self._flows.wait()
            sink.write(data)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()
