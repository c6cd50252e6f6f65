"""Messages to workers, and what can happen to a call on its way to Jira and back."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from jira_sync.client.errors import JiraUnreachable, OutcomeUnknown, RateLimited
from tests.model.base import NUMBER, Rules
from tests.model.workers import Answer, Worker
from tests.model.world import Landing

# What becomes of a call: does it take effect, and what is heard of it.
FATES = [
    "answered",
    "answered",
    "answer_under_way",
    "not_sent",
    "lost_before",
    "lost_after",
    "lands_later",
    "slow_down",
    "dies_before",
    "dies_after",
    "dies_and_lands_later",
]


def _has_messages(rules: Rules) -> bool:
    return bool(rules.world.messages)


def _has_workers(rules: Rules) -> bool:
    return bool(rules.world.workers)


class JiraRules(Rules):
    """Rules of broker, workers and network."""

    @precondition(_has_messages)
    @rule(which=NUMBER)
    def a_message_arrives(self, which: int) -> None:
        """A worker gets a message and pauses at its call."""
        self.world.deliver(which)

    @precondition(_has_messages)
    @rule(which=NUMBER)
    def a_message_is_carried_out(self, which: int) -> None:
        """A worker gets a message and everything goes well."""
        self.world.finish(self.world.deliver(which))

    @precondition(_has_messages)
    @rule(which=NUMBER, twice=st.booleans())
    def a_message_is_lost_or_doubled(self, which: int, twice: bool) -> None:
        """The broker loses a message, or delivers it twice."""
        messages = self.world.messages
        message = messages.pop(which % len(messages))
        if twice:
            messages += [message, message]

    @precondition(_has_workers)
    @rule(which=NUMBER, fate=st.sampled_from(FATES))
    def a_call_has_a_fate(self, which: int, fate: str) -> None:
        """Something becomes of a call."""
        self._fate(self._worker(which), fate)

    @precondition(_has_workers)
    @rule(which=NUMBER)
    def a_call_is_answered(self, which: int) -> None:
        """A call goes well, to the end of the job."""
        self.world.finish(self._worker(which))

    @precondition(_has_workers)
    @rule(which=NUMBER)
    def a_worker_dies(self, which: int) -> None:
        """A worker is killed where it stands."""
        self.world.kill(self._worker(which))

    @precondition(lambda self: bool(self.world.landing))
    @rule(which=NUMBER)
    def a_lost_call_lands(self, which: int) -> None:
        """A call whose answer nobody heard takes effect."""
        landing = self.world.landing
        self.world.land(landing[which % len(landing)])

    def _worker(self, number: int) -> Worker:
        return self.world.workers[number % len(self.world.workers)]

    def _fate(self, worker: Worker, fate: str) -> None:
        call = worker.call
        assert call is not None
        if worker.answer is not None:  # Jira has done it already
            if fate.startswith("dies"):
                self.world.kill(worker)
            else:
                self.world.hear(worker, worker.answer)
            return
        if not self.world.reaches_jira(worker) and fate not in {"not_sent", "dies_before"}:
            fate = "lost_before"
        if call.kind == "step" and not fate.startswith("dies"):
            fate = "answered"
        self._fates()[fate](worker)

    def _fates(self) -> dict[str, Callable[[Worker], None]]:
        return {
            "answered": lambda w: self.world.hear(w, self._done(w)),
            "answer_under_way": self._hold,
            "not_sent": lambda w: self.world.hear(w, Answer(error=JiraUnreachable())),
            "lost_before": self._lose,
            "lost_after": lambda w: (self._done(w), self._lose(w))[1],
            "lands_later": lambda w: (self._will_land(w), self._lose(w))[1],
            "slow_down": lambda w: self.world.hear(w, Answer(error=RateLimited(retry_after=5.0))),
            "dies_before": self.world.kill,
            "dies_after": lambda w: (self._done(w), self.world.kill(w))[1],
            "dies_and_lands_later": lambda w: (self._will_land(w), self.world.kill(w))[1],
        }

    def _done(self, worker: Worker) -> Answer:
        assert worker.call is not None
        return worker.call.perform()

    def _hold(self, worker: Worker) -> None:
        worker.answer = self._done(worker)
        self.world.look()

    def _lose(self, worker: Worker) -> None:
        """Nobody hears the answer. Of a read that means that Jira cannot be reached."""
        writes = worker.call is not None and worker.call.kind in {"add", "remove"}
        self.world.hear(worker, Answer(error=OutcomeUnknown() if writes else JiraUnreachable()))

    def _will_land(self, worker: Worker) -> None:
        if worker.call is not None and worker.call.kind in {"add", "remove"}:
            self.world.landing.append(Landing(worker.call, worker.until))
