"""What the whole of `./ium.sh up` costs at rest."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time

import psutil

from ium.bench.figures import figure
from ium.runtime.config import ROOT
from ium.runtime.environment import python_path

WITHIN = 90.0
REST = 30.0


def footprint_figures(_seconds: float) -> None:
    """Measure the time until ready from nothing and at the second start, memory (PSS) and processor at rest."""
    with tempfile.TemporaryDirectory(prefix="ium-bench-") as folder:
        figure("footprint.first_start", _start_and_look(folder, rest=0), "s")
        figure("footprint.second_start", _start_and_look(folder, rest=REST), "s")


def _start_and_look(folder: str, rest: float) -> float:
    began = time.monotonic()
    environment = python_path(
        {name: value for name, value in os.environ.items() if not name.startswith("IUM_")}
        | {"IUM_DEMO_CROWD": "0", "IUM_PORT": "18000", "IUM_SIMULATOR_PORT": "18090"}
    )
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "ium.runtime", "up", "--data", folder],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for_last_line(process)
        took = time.monotonic() - began
        if rest:
            _look(process.pid, rest)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    return took


def _wait_for_last_line(process: "subprocess.Popen[str]") -> None:
    if process.stdout is None:
        raise RuntimeError("no output to wait for")
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            return
    raise RuntimeError("IUM did not start; run ./ium.sh up to see why.")


def _look(pid: int, seconds: float) -> None:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    before = _cpu(family)
    time.sleep(seconds)
    figure("footprint.cpu_at_rest", 100 * (_cpu(family) - before) / seconds, "% of one core")
    memory = 0.0
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            memory += member.memory_full_info().pss
    figure("footprint.memory", memory / 1024**2, "MB PSS")


def _cpu(family: list[psutil.Process]) -> float:
    total = 0.0
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = member.cpu_times()
            total += spent.user + spent.system
    return total
