"""A supervisor over tiny programs: `python -m tests.runtime.fake_system FOLDER SCRIPT...`.

Each SCRIPT is NAME=PYTHON. A service writes NAME to FOLDER/events when it starts, and "-NAME" when it
is asked to stop, so that tests can see the order.
"""

import sys
import textwrap
from pathlib import Path

from ium.runtime.errors import Stopped
from ium.runtime.guardian import Guardian
from ium.runtime.lock import FolderLock
from ium.runtime.output import say
from ium.runtime.stop_signals import StopSignals
from ium.runtime.supervisor import Service, Supervisor

# Runs until it is asked to stop; `early` runs first, in the same process.
PROGRAM = """
import os, signal, sys, time
name, events, early = sys.argv[1:4]
def tell(text):
    with open(events, "a") as file:
        file.write(text + "\\n")
def stop(*_):
    tell("-" + name)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
tell(name)
exec(early)
time.sleep(300)
"""


def service(name: str, early: str, folder: Path) -> Service:
    events = folder / "events"
    return Service(
        name,
        (sys.executable, "-I", "-S", "-c", PROGRAM, name, str(events), textwrap.dedent(early)),
        ready=lambda: events.exists() and name in events.read_text().split(),
        grace=1.0,
    )


def main(folder: Path, scripts: list[str]) -> None:
    signals = StopSignals()
    lock = FolderLock(folder)
    lock.take()
    guardian = Guardian(keep_open=lock.fileno())
    supervisor = Supervisor(environment={}, logs=folder, signals=signals, guardian=guardian)
    try:
        for script in scripts:
            name, _, early = script.partition("=")
            supervisor.start(service(name, early, folder))
        say("all started")
        supervisor.watch()
    except Stopped:
        pass
    finally:
        supervisor.stop()
        guardian.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
