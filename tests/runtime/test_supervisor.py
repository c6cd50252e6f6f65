"""Starting in order, restarting, stopping in order: with tiny programs in the place of the real ones."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psutil
import pytest

from ium.runtime.process import Child
from ium.runtime.stop_signals import StopSignals
from ium.runtime.supervisor import Service, Supervisor
from tests.runtime.running import FakeSystem, command_line, eventually, processes_of

pytestmark = pytest.mark.system

# A child of the service, which ignores polite requests and notes the folder in its command line.
GRANDCHILD = """
import subprocess
subprocess.Popen([sys.executable, "-I", "-S", "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)", events])
"""
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


class Quiet(StopSignals):
    """Nobody asks to stop; leaves the signals of the test's own process alone."""

    def __init__(self) -> None:
        self.requests = 0

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)


class Start(Protocol):
    def __call__(self, *scripts: str) -> FakeSystem: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    systems: list[FakeSystem] = []

    def start_one(*scripts: str) -> FakeSystem:
        systems.append(FakeSystem(tmp_path, *scripts))
        return systems[-1]

    yield start_one
    for system in systems:
        system.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_services_stop_in_the_opposite_order_of_their_start(start: Start, number: int) -> None:
    system = start("broker=", "worker=", "web=")
    system.wait_until_started()

    assert system.stop(number) == 0

    assert system.events == ["broker", "worker", "web", "-web", "-worker", "-broker"]
    assert system.processes() == []


def test_a_killed_service_is_started_again(start: Start) -> None:
    system = start("broker=", "worker=")
    system.wait_until_started()
    killed = system.of("worker")

    killed.kill()

    assert eventually(lambda: system.events.count("worker") == 2)
    assert system.events.count("broker") == 1
    assert "worker stopped unexpectedly (ended by SIGKILL)" in system.printed
    assert eventually(lambda: "worker started again" in system.printed)
    assert system.of("worker").pid != killed.pid


def test_a_service_that_keeps_dying_is_started_again_less_and_less_often(start: Start) -> None:
    system = start("worker=time.sleep(0.2); sys.exit(3)")

    assert eventually(lambda: "next try in 2.0 s" in system.printed), system.printed

    pauses = [
        line.split("next try in ")[1][:5]
        for line in system.printed.splitlines()[1:]
        if "next" in line
    ]
    assert pauses[:3] == ["0.5 s", "1.0 s", "2.0 s"]
    assert "(exit code 3)" in system.printed


def test_descendants_of_a_dead_service_do_not_outlive_it(start: Start, tmp_path: Path) -> None:
    system = start(f"web={GRANDCHILD}")
    system.wait_until_started()
    assert eventually(lambda: len(_grandchildren(tmp_path)) == 1)
    orphan = _grandchildren(tmp_path)[0]

    system.of("web").kill()

    # Otherwise the port would still be taken when the successor starts.
    assert eventually(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)
    assert eventually(lambda: system.events.count("web") == 2)


def test_nothing_is_left_after_the_supervisor_is_killed(start: Start, tmp_path: Path) -> None:
    system = start("broker=", f"worker={STUBBORN}", f"web={GRANDCHILD}")
    system.wait_until_started()
    assert eventually(lambda: len(_grandchildren(tmp_path)) == 1)

    system.stop(signal.SIGKILL)

    assert eventually(lambda: system.processes() == []), system.processes()


def test_a_start_right_after_a_kill_waits_for_the_rest_of_the_last_one(start: Start) -> None:
    first = start(f"worker={STUBBORN}")
    first.wait_until_started()
    stubborn = first.of("worker")
    first.stop(signal.SIGKILL)

    second = start("broker=")
    second.wait_until_started()

    assert not stubborn.is_running() or stubborn.status() == psutil.STATUS_ZOMBIE


def test_a_service_that_does_not_stop_in_time_is_killed(start: Start) -> None:
    system = start(f"worker={STUBBORN}")
    system.wait_until_started()

    assert system.stop() == 0

    assert "worker did not stop in time and was killed" in system.printed
    assert system.processes() == []


def test_a_second_interrupt_kills_at_once(start: Start) -> None:
    system = start(*(f"service{number}={STUBBORN}" for number in range(6)))
    system.wait_until_started()

    system.process.send_signal(signal.SIGINT)
    with pytest.raises(Exception, match="timed out"):
        system.process.wait(0.5)

    # Six services with a second of grace each would take longer.
    assert system.stop(signal.SIGINT, within=2.0) == 0
    assert system.processes() == []


def test_a_service_that_ends_while_starting_fails_the_start_and_shows_its_last_lines(
    start: Start,
) -> None:
    system = start("broker=", "web=os.remove(events); print('no such table'); sys.exit(2)")

    assert system.process.wait(10) == 1

    assert "web ended while starting (exit code 2)" in system.printed
    assert "no such table" in system.printed
    assert system.processes() == []


def test_a_service_that_is_killed_while_the_system_starts_is_started_again(start: Start) -> None:
    system = start("broker=", "jira=", "web=time.sleep(1.5)", "beat=tell('late'); time.sleep(1.5)")
    assert eventually(lambda: "late" in system.events)

    system.of("jira").kill()

    assert eventually(lambda: system.events.count("jira") == 2), system.printed
    system.wait_until_started()
    assert "jira stopped unexpectedly (ended by SIGKILL)" in system.printed


def test_a_program_that_cannot_be_started_again_at_this_moment_does_not_end_the_others(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 300\n")
    program.chmod(0o700)
    supervisor = Supervisor(environment={}, logs=tmp_path, signals=Quiet())
    try:
        supervisor.start(Service("web", (str(program),)))
        supervisor.restart_from_now()
        program.chmod(0o600)

        child = _child_of(supervisor)
        os.kill(child.pid, signal.SIGKILL)
        assert eventually(lambda: child.exit_code() is not None)
        assert not supervisor.wait_for(lambda: False, 0.7)
        program.chmod(0o700)

        assert supervisor.wait_for(lambda: _child_of(supervisor) is not child, 5)
    finally:
        supervisor.stop()


def test_a_second_start_says_who_is_running(start: Start) -> None:
    first = start("broker=")
    first.wait_until_started()

    second = start("broker=")

    assert second.process.wait(10) == 1
    assert f"IUM is already running (process {first.process.pid})" in second.printed
    assert first.process.poll() is None


def _child_of(supervisor: Supervisor) -> Child:
    return supervisor._entries[0].child


def _grandchildren(folder: Path) -> list[psutil.Process]:
    everybody = [(each, command_line(each)) for each in processes_of(folder)]
    return [each for each, line in everybody if line[3] == "-c" and "SIG_IGN); time" in line[4]]
