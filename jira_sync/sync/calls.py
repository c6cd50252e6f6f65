"""Calls to Jira side by side: threads that only call. Whatever is written in the database is the caller's business."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from jira_sync.client.errors import JiraError
from jira_sync.client.pace import PROCESS_PACE

# At 100 ms per call nine fill Atlassian's limit of additions; more only help while Jira is slow.
CALLS_AT_ONCE = 16
Call = Callable[[], None]


class Calls:
    """Makes calls, a few at once."""

    def __init__(self, threads: ThreadPoolExecutor | None) -> None:
        """Without threads one call after the other is made, by the caller's own."""
        self._threads = threads

    def make(
        self, calls: Iterable[Call], *, goes_on: Callable[[JiraError], bool]
    ) -> list[JiraError | None]:
        """Make calls in their order; return for each that was begun what Jira objected to, or None.

        No further call is begun after an error with which it does not go on. Any other exception is raised, once all
        calls under way have come back.
        """
        begun: list[Future[None]] = []
        open_calls: set[Future[None]] = set()
        for call in calls:
            begun.append(self._begin(call))
            open_calls.add(begun[-1])
            done, open_calls = _room(open_calls)
            if not all(_goes_on(one, goes_on) for one in done):
                break
        wait(begun)
        return [_objection(one) for one in begun]

    def _begin(self, call: Call) -> Future[None]:
        if self._threads is not None:
            return self._threads.submit(_behind_slots, call)
        made: Future[None] = Future()
        try:
            _behind_slots(call)
            made.set_result(None)
        except JiraError as error:
            made.set_exception(error)
        return made


@contextmanager
def side_by_side() -> Iterator[Calls]:
    """Return what makes calls until the block ends; threads and their connections are kept meanwhile."""
    if CALLS_AT_ONCE == 1:
        yield Calls(None)
        return
    with ThreadPoolExecutor(CALLS_AT_ONCE, "sync") as threads:
        yield Calls(threads)


def _behind_slots(call: Call) -> None:
    """Let slot changes go first at the same limit: somebody waits for those."""
    with PROCESS_PACE.behind_others():
        call()


def _room(open_calls: set[Future[None]]) -> tuple[set[Future[None]], set[Future[None]]]:
    """Return which calls are done and which are not, waiting for one when no more can be begun."""
    full = len(open_calls) >= CALLS_AT_ONCE
    done, still = wait(open_calls, None if full else 0, FIRST_COMPLETED)
    return done, still


def _goes_on(call: Future[None], goes_on: Callable[[JiraError], bool]) -> bool:
    error = call.exception()
    return error is None or (isinstance(error, JiraError) and goes_on(error))


def _objection(call: Future[None]) -> JiraError | None:
    error = call.exception()
    if error is not None and not isinstance(error, JiraError):
        raise error
    return error
