"""Messages to workers, and what can happen to a call on its way to Jira and back."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from jira_sync import services as jobs
from jira_sync.client.errors import JiraUnreachable, OutcomeUnknown, RateLimited
from tests.model.base import NUMBER, Rules
from tests.model.workers import Answer, Worker
from tests.model.world import Landing

# What becomes of a call: does it take effect, and what is heard of it.
FATES = [
    "all well",
    "all well",
    "all well",
    "waits",
    "answered",
    "answer under way",
    "not sent",
    "lost before",
    "lost after",
    "lands later",
    "slow down",
    "dies before",
    "dies after",
    "dies, lands later",
]
FATE = st.sampled_from(FATES)


class JiraRules(Rules):
    """Rules of broker, workers and network."""

    @precondition(lambda self: self.world.messages)
    @rule(which=NUMBER, fate=FATE)
    def a_message_arrives(self, which: int, fate: str) -> None:
        """A worker gets a message and makes its call."""
        self._fate(self.world.deliver(which), fate)

    @precondition(lambda self: self.world.messages)
    @rule(which=NUMBER, twice=st.booleans())
    def a_message_is_lost_or_doubled(self, which: int, twice: bool) -> None:
        """The broker loses a message, or delivers it twice."""
        messages = self.world.messages
        message = messages.pop(which % len(messages))
        if twice:
            messages += [message, message]

    @precondition(lambda self: self.world.messages)
    @rule(which=NUMBER, fate=FATE)
    def another_message_arrives(self, which: int, fate: str) -> None:
        """The same, because nothing happens without."""
        self._fate(self.world.deliver(which), fate)

    @precondition(lambda self: self.world.holders())
    @rule(fate=FATE)
    def unfinished_changes_are_found(self, fate: str) -> None:
        """Workers start on every change that Jira has not confirmed."""
        for slot_id in jobs.unfinished_slots():
            self._fate(self.world.carry_out(slot_id), fate)

    @precondition(lambda self: self.world.workers)
    @rule(which=NUMBER, fate=FATE)
    def a_call_has_a_fate(self, which: int, fate: str) -> None:
        """Something becomes of a call that is under way."""
        self._fate(self._worker(which), fate)

    @precondition(lambda self: self.world.messages or self.world.workers)
    @rule(which=NUMBER, fate=FATE, seconds=st.sampled_from([0, 1, 10, 61, 91]))
    def somebody_leaves_during_the_call(self, which: int, fate: str, seconds: int) -> None:
        """Somebody hands the slot back while a call about it is under way; all later calls go well."""
        world = self.world
        worker = self._worker(which) if world.workers else world.deliver(which)
        account = worker.call.account_id if worker.call else ""
        if not account:
            return
        if fate in {"waits", "answer under way"}:
            self._fate(worker, fate)
            world.hand_back(account)
        else:
            world.hand_back(account)
            self._fate(worker, fate)
        world.wait(timedelta(seconds=seconds), alive=True)
        for slot_id in jobs.unfinished_slots():
            world.finish(world.carry_out(slot_id))

    @precondition(lambda self: self.world.landing)
    @rule(which=NUMBER)
    def a_lost_call_lands(self, which: int) -> None:
        """A call whose answer nobody heard takes effect."""
        landing = self.world.landing
        self.world.land(landing[which % len(landing)])

    def _worker(self, number: int) -> Worker:
        return self.world.workers[number % len(self.world.workers)]

    def _fate(self, worker: Worker, fate: str) -> None:
        call = worker.call
        if call is None or fate == "waits":
            return
        if fate == "all well":
            self.world.finish(worker)
        elif worker.answer is not None:  # Jira has done it already
            if fate.startswith("dies"):
                self.world.kill(worker)
            else:
                self.world.hear(worker, worker.answer)
        elif call.kind == "step":
            if fate.startswith("dies"):
                self.world.kill(worker)
            else:
                self.world.hear(worker, self._done(worker))
        elif self.world.reaches_jira(worker) or fate in {"not sent", "dies before"}:
            self._fates()[fate](worker)
        else:
            self._lose(worker)

    def _fates(self) -> dict[str, Callable[[Worker], None]]:
        return {
            "answered": lambda w: self.world.hear(w, self._done(w)),
            "answer under way": self._hold,
            "not sent": lambda w: self.world.hear(w, Answer(error=JiraUnreachable())),
            "lost before": self._lose,
            "lost after": lambda w: (self._done(w), self._lose(w))[1],
            "lands later": lambda w: (self._will_land(w), self._lose(w))[1],
            "slow down": lambda w: self.world.hear(w, Answer(error=RateLimited(retry_after=5.0))),
            "dies before": self.world.kill,
            "dies after": lambda w: (self._done(w), self.world.kill(w))[1],
            "dies, lands later": lambda w: (self._will_land(w), self.world.kill(w))[1],
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
