"""Reports that wait in a process to be written together: none is lost, none is written twice, never too many."""

import threading
import time
from datetime import datetime

import pytest

from activity import buffer as module
from activity.buffer import Buffer, Collected, Key, Poll, Report
from tests.factories import AT, seconds

ANN = Key(1, 1, "jira-software")


class Running:
    """A ticker that runs, or does not."""

    is_running = True


class Written:
    """Where reports go: keeps them, or fails."""

    def __init__(self) -> None:
        """Work, with nothing written yet."""
        self.rounds: list[Collected] = []
        self.works = True

    def __call__(self, collected: Collected) -> None:
        """Take a round."""
        if not self.works:
            raise OSError("no database")
        self.rounds.append(collected)


@pytest.fixture
def written() -> Written:
    """What was written."""
    return Written()


@pytest.fixture
def buffer(written: Written) -> Buffer:
    """A buffer that takes in."""
    made = Buffer(Running(), written)  # type: ignore[arg-type]
    made.flush()
    written.rounds.clear()
    return made


def report(at: datetime = AT) -> Report:
    """Return a report of activity at that moment."""
    return Report(at, AT + seconds(10), "extension")


def test_what_was_taken_in_is_written_once(buffer: Buffer, written: Written) -> None:
    assert buffer.report(ANN, report())
    assert buffer.poll(Poll(1, 7), AT)
    buffer.flush()
    buffer.flush()
    assert written.rounds == [
        Collected({ANN: report()}, {Poll(1, 7): AT}),
        Collected({}, {}),
    ]


def test_older_evidence_does_not_replace_newer(buffer: Buffer, written: Written) -> None:
    for moment in (AT, AT + seconds(2), AT + seconds(1)):
        assert buffer.report(ANN, report(moment))
    buffer.flush()
    assert written.rounds[0].reports[ANN].active_at == AT + seconds(2)


def test_a_failed_round_is_written_with_the_next(buffer: Buffer, written: Written) -> None:
    buffer.report(ANN, report(AT + seconds(1)))
    buffer.poll(Poll(1, 7), AT)
    written.works = False
    with pytest.raises(OSError, match="no database"):
        buffer.flush()
    buffer.report(ANN, report(AT))
    buffer.poll(Poll(1, 7), AT + seconds(3))
    written.works = True
    buffer.flush()
    assert written.rounds == [
        Collected({ANN: report(AT + seconds(1))}, {Poll(1, 7): AT + seconds(3)})
    ]


def test_after_five_seconds_without_writing_nothing_more_is_taken_in(
    buffer: Buffer, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer.report(ANN, report())
    now = time.monotonic()
    monkeypatch.setattr("activity.buffer.time.monotonic", lambda: now + 5.1)
    assert not buffer.is_open
    assert not buffer.report(ANN, report())
    assert not buffer.poll(Poll(1, 7), AT)
    buffer.flush()
    assert buffer.report(ANN, report())


def test_without_a_ticker_nothing_is_taken_in(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Running, "is_running", False)
    assert not buffer.report(ANN, report())


def test_a_buffer_that_never_wrote_takes_nothing_in(written: Written) -> None:
    assert not Buffer(Running(), written).report(ANN, report())  # type: ignore[arg-type]


def test_a_full_buffer_takes_nothing_more_in(
    buffer: Buffer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    assert [buffer.report(Key(n, 1, "x"), report()) for n in range(3)] == [True, True, False]
    assert [buffer.poll(Poll(1, n), AT) for n in range(3)] == [True, True, False]


def test_a_closed_buffer_has_written_everything_and_takes_nothing_in(
    buffer: Buffer, written: Written
) -> None:
    buffer.report(ANN, report())
    buffer.close()
    assert len(written.rounds[0].reports) == 1
    assert not buffer.report(ANN, report())


def test_nothing_is_lost_between_threads_and_rounds(buffer: Buffer, written: Written) -> None:
    def send(first: int) -> None:
        for n in range(first, first + 500):
            while not buffer.report(Key(n, 1, "x"), report()):
                pass

    threads = [threading.Thread(target=send, args=(1000 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        buffer.flush()
    buffer.flush()
    keys = [key for round_ in written.rounds for key in round_.reports]
    assert len(keys) == len(set(keys)) == 4000
