"""Work that pauses wherever it talks to Jira, so that anything may happen in between.

A `Worker` runs a real job (`carry_out`, `reconcile_pool`, a sync) in a greenlet of its own. Each call to Jira hands
the control back to the state machine; the machine decides when the call takes effect, what the answer is, when the
answer arrives, and whether the worker lives to see it. Greenlets share the thread and so the database connection;
no two steps ever run at the same moment, and the same choices always give the same history.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from greenlet import getcurrent, greenlet

Kind = Literal["add", "remove", "read", "step"]


class WorkerDiedError(BaseException):
    """`kill -9` at this point: no product code may catch it."""


@dataclass(eq=False)
class Answer:
    """What a call comes back with: a value, or an error to raise."""

    value: object = None
    error: Exception | None = None


@dataclass(eq=False)
class Call:
    """Something a worker is about to do outside the database: one call to Jira, or its next step."""

    kind: Kind
    account_id: str = ""
    perform: Callable[[], Answer] = field(default=Answer, repr=False)


class Worker(greenlet):
    """One run of a job by one worker process."""

    def __init__(self, name: str, job: Callable[[], object], until: timedelta) -> None:
        """Be ready to run; calls of this run reach Jira until then (in Jira's time), or never."""
        super().__init__(self._work)
        self.name = name
        self.job = job
        self.until = until
        self.call: Call | None = None
        self.answer: Answer | None = None
        self.result: object = None

    def _work(self, *_: object) -> None:
        self.result = self.job()

    def begin(self) -> None:
        """Run up to the first call."""
        self._resumed(self.switch())

    def hear(self, answer: Answer) -> None:
        """Let the answer of the call arrive, and run up to the next one."""
        self.call = self.answer = None
        self._resumed(self.switch(answer))

    def die(self) -> None:
        """End the process where it stands."""
        self.call = self.answer = None
        try:
            self.throw(WorkerDiedError())
        except WorkerDiedError:
            return

    def _resumed(self, call: object) -> None:
        self.call = call if isinstance(call, Call) else None


def ask(call: Call) -> Answer:
    """Make a call: in a worker wait for the machine's decision, elsewhere do it at once."""
    worker = getcurrent()
    if not isinstance(worker, Worker):
        return call.perform()
    assert worker.parent is not None
    answer = worker.parent.switch(call)
    assert isinstance(answer, Answer)
    return answer
