"""WebDriver BiDi straight to Firefox, without geckodriver (https://w3c.github.io/webdriver-bidi/)."""

import asyncio
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp

LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
START_SECONDS = 60


class BidiError(Exception):
    """The browser refused a command."""


class Bidi:
    """A started Firefox and its connection. Commands go one after the other."""

    def __init__(
        self, program: Path, profile: Path, preferences: Mapping[str, Any], log: Path
    ) -> None:
        """Start Firefox with this profile and connect."""
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items()]
        (profile / "user.js").write_text("\n".join(lines))
        self._log = log.open("w+")
        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--no-remote",
                "--profile",
                profile,
                "--remote-debugging-port=0",
                "--remote-allow-system-access",
            ],
            env={"HOME": str(profile), "PATH": "/usr/bin:/bin", "MOZ_HEADLESS": "1"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._number = 0
        self._wait(self._connect(log))
        self.send("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})

    def send(self, command: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result. Raises BidiError."""
        result: dict[str, Any] = self._wait(self._send(command, parameters))
        return result

    def close(self) -> None:
        """End the browser."""
        self._wait(self._disconnect())
        self._process.terminate()
        self._process.wait(timeout=20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._log.close()

    def _wait(self, task: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result(START_SECONDS)

    async def _connect(self, log: Path) -> None:
        while not (found := LISTENING.search(log.read_text())):
            assert self._process.poll() is None, log.read_text()
            await asyncio.sleep(0.1)
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(f"{found[1]}/session", max_msg_size=0)

    async def _disconnect(self) -> None:
        await self._socket.close()
        await self._session.close()

    async def _send(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": command, "params": parameters})
        while True:
            answer: dict[str, Any] = await self._socket.receive_json()
            if answer.get("id") != self._number:
                continue  # an event
            if answer["type"] == "error":
                raise BidiError(f"{command}: {answer['error']}: {answer['message']}")
            result: dict[str, Any] = answer["result"]
            return result
