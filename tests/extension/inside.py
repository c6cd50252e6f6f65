"""A Python inside the running IUM that stays open: a management command each time would cost seconds."""

import json
import subprocess
import sys
from typing import Any

from tests.system.running import ROOT, RunningIum

# One expression or block per line of JSON; the answer is one line of JSON.
LOOP = """
import json, sys
space = {}
exec('''
from datetime import timedelta
from activity.models import LastActivity
from ium.directory.models import Device, Site, User
from ium.lib import clock
from slots.models import LicencePool, QueueEntry, Slot, SlotSession
from slots.services.losses import sweep_revoke
from slots.services import pool_apply_limit, queue_entry_remove, slot_take_back
''', space)
print("ready", flush=True)
for line in sys.stdin:
    try:
        exec(json.loads(line), space)
        print(json.dumps({"value": space.pop("result", None)}, default=str), flush=True)
    except Exception as error:
        print(json.dumps({"error": repr(error)}), flush=True)
"""


class Inside:
    """Runs Python in IUM: to let time pass, to set options, to look at the database."""

    def __init__(self, ium: RunningIum) -> None:
        """Start it beside the running system."""
        command = ["-m", "ium.runtime", "manage", "--data", str(ium.data), "shell", "--no-imports"]
        self._process = subprocess.Popen(
            [sys.executable, *command, "-c", LOOP],
            cwd=ROOT,
            env=ium.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"

    def run(self, code: str) -> Any:
        """Run code; return what it put into `result`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()
