"""The replay: recorded demand through the product's rules, event by event.

What the rules decide comes from `slots.rules` and `slots.shares`, as in production. This file only has the order in
time. Jobs are thought to run at the moment they are due (plus `Delays.sweeping`).
"""

import random
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from math import inf

from ium.usage.replay.blocks import Blocks
from ium.usage.replay.line import Key, Line, Place
from ium.usage.replay.options import Delays, Habits, Options
from ium.usage.replay.outcome import Outcome, Waited
from slots.models.slot import LossReason
from slots.rules import place_is_kept, reclaims, room, sweep_after

OUT, INSIDE, TAKEN = 0, 1, 2
# Somebody who waits stays at least so long, however late in the day it is.
STAYS_AT_LEAST = 900.0
# Upkeep runs so often: it ends waits of people who are gone, and takes what was not taken up.
UPKEEP_EVERY = 10.0
# At the same moment: what became free first, then people, then what is taken from them.
FREED, COME, GIVE_UP, HAND_BACK, HUSHED, GONE, NOT_TAKEN_UP, LOSE, DUE, POLL, UPKEEP = range(11)
Event = tuple[float, int, int, int]


class Replay:
    """One run: so many slots, these options, and everybody's blocks of work."""

    def __init__(self, blocks: Blocks, options: Options, delays: Delays, habits: Habits) -> None:
        """Put everybody's first wish on the agenda."""
        self.blocks, self.options, self.delays, self.habits = blocks, options, delays, habits
        self.outcome = Outcome(options.slots)
        people = blocks.people
        self._line = Line(options.shares, blocks.groups)
        self._state, self._turn = [OUT] * people, [0] * people
        self._next = list(blocks.first[:people])
        self._confirmed, self._active = [0.0] * people, [0.0] * people
        self._warned_at, self._lost_at = [inf] * people, [-inf] * people
        self._locked_until, self._reason = [-inf] * people, [""] * people
        self._place: list[Place | None] = [None] * people
        self._absent = [False] * people
        self._waits: dict[Key, Waited] = {}
        self._used = self._coming = 0
        self._counted_at = 0.0
        self._inactive: list[tuple[float, int, int]] = []
        self._agenda: list[Event] = [
            (blocks.asks[index], COME, person, 0) for person, index in enumerate(self._next)
        ]
        heapify(self._agenda)
        draw = random.Random(habits.seed)  # noqa: S311 - a simulation
        self._patience = [draw.expovariate(1) for _ in blocks.asks]
        self._hands_back = [draw.random() < habits.hands_back for _ in blocks.asks]
        self._steps = self._table()

    def _table(self) -> tuple[Callable[[float, int, int], None], ...]:
        return (
            self._freed,
            self._come,
            self._give_up,
            self._hand_back,
            self._hushed,
            self._gone,
            self._not_taken_up,
            self._lose,
            self._due,
            self._poll,
            self._upkeep,
        )

    def run(self) -> Outcome:
        """Let everything happen; return what did."""
        agenda, steps = self._agenda, self._steps
        while agenda:
            at, kind, person, turn = heappop(agenda)
            steps[kind](at, person, turn)
        self.outcome.waits = list(self._waits.values())
        return self.outcome

    # --- People ---------------------------------------------------------------------------------

    def _come(self, at: float, person: int, _turn: int) -> None:
        """Somebody wants to work now."""
        if self._state[person] == INSIDE:
            if self._warned_at[person] < at:
                self.outcome.warned += 1
                self.outcome.kept += 1
            begin = at
            if self._absent[person]:  # given while away: taken up now
                begin = max(at, self._confirmed[person] + self.delays.opening)
                self._absent[person] = False
            self._work(person, begin)
        elif self._locked_until[person] > at:
            self.outcome.locked += 1
            heappush(self._agenda, (self._locked_until[person], COME, person, 0))
        else:
            self._ask(at, person)

    def _ask(self, at: float, person: int) -> None:
        self.outcome.asked.append(at)
        if at - self._lost_at[person] <= self.habits.wants_back_within:
            self.outcome.cut_off.append(at)
            self._lost_at[person] = -inf
        place = self._place_of(at, person)
        self._dispatch(at)
        if place not in self._line:
            return
        self.outcome.most_waiting = max(self.outcome.most_waiting, len(self._line))
        self._reclaim(at)
        index = self._next[person]
        patience = self.habits.patience
        home = max(self.blocks.homes[index], at + STAYS_AT_LEAST)
        until = home if patience is None else min(home, at + patience * self._patience[index])
        heappush(self._agenda, (until, GIVE_UP, person, place.visit))

    def _place_of(self, at: float, person: int) -> Place:
        """Return the place of somebody who asks: the one that was kept, or a new one at the end."""
        place = self._place[person]
        if place is not None and place in self._line:
            place.there = True
            self._line.new_visit(place)
            self._line.set_alive(place, True)
            return place
        if place is not None and self._is_kept(person, place):
            place.misses += 1
            place.there = place.alive = True
            self._line.new_visit(place)
            self._line.add(place)
            return place
        self._place[person] = place = self._line.join(person, at)
        return place

    def _is_kept(self, person: int, place: Place) -> bool:
        taken = self._state[person] == TAKEN and self._reason[person] == LossReason.UNCLAIMED
        return taken and place_is_kept(place.misses)

    def _give_up(self, at: float, person: int, visit: int) -> None:
        """Somebody closes the page: silent from now on, the place is kept for a while."""
        place = self._place[person]
        if place is None or place not in self._line or not place.there or place.visit != visit:
            return
        place.there = False
        timing = self.options.timing
        heappush(self._agenda, (timing.alive_until(at), HUSHED, person, visit))
        heappush(self._agenda, (_upkeep_after(at + timing.place_kept), GONE, person, visit))
        self._next[person] += 1
        self._come_again(person, at)

    def _hushed(self, _at: float, person: int, visit: int) -> None:
        place = self._place[person]
        if place is not None and place in self._line and place.visit == visit:
            self._line.set_alive(place, False)

    def _gone(self, at: float, person: int, visit: int) -> None:
        place = self._place[person]
        if place is None or place not in self._line or place.visit != visit or place.there:
            return
        self._line.remove(place)
        self._note_wait(place, at - self.options.timing.place_kept, served=False)

    def _come_again(self, person: int, at: float) -> None:
        index = self._next[person]
        if index < self.blocks.first[person + 1]:
            heappush(self._agenda, (max(at, self.blocks.asks[index]), COME, person, 0))

    def _hand_back(self, at: float, person: int, turn: int) -> None:
        if self._turn[person] == turn and self._state[person] == INSIDE:
            self._take(person, LossReason.RELEASED, at)

    # --- Slots ----------------------------------------------------------------------------------

    def _may(self, at: float) -> Callable[[int], bool]:
        state, locked = self._state, self._locked_until
        return lambda person: state[person] == OUT and locked[person] <= at

    def _dispatch(self, at: float) -> None:
        while self._line.alive and room(slots=self.options.slots, used=self._used):
            place = self._line.next(self._may(at))
            if place is None:
                return
            self._grant(place, at)

    def _grant(self, place: Place, at: float) -> None:
        person = place.person
        self._line.remove(place)
        self._count(at, 1)
        self._line.count(person, 1)
        self._state[person] = INSIDE
        self._confirmed[person] = confirmed = at + self.delays.adding
        waited = at > place.joined
        if waited:
            self._note_wait(place, at, served=True)
        if place.there:
            noticing = self.delays.noticing if waited else 0.0
            self._work(person, confirmed + self.delays.opening + noticing)
            return
        self._absent[person] = True
        self._turn[person] += 1
        self._warned_at[person] = inf
        until = _upkeep_after(confirmed + self.options.timing.claim_time)
        heappush(self._agenda, (until, NOT_TAKEN_UP, person, self._turn[person]))

    def _note_wait(self, place: Place, until: float, *, served: bool) -> None:
        """Note how a wait ended so far: one that goes on, because the slot was not taken up, stays one wait."""
        wait = Waited(place.person, place.joined, until - place.joined, served)
        self._waits[place.key] = wait

    def _work(self, person: int, begin: float) -> None:
        """Let somebody do the block of work; then the slot may be lost until the next one begins."""
        blocks, timing, agenda = self.blocks, self.options.timing, self._agenda
        self._turn[person] = turn = self._turn[person] + 1
        index = self._next[person]
        length = blocks.lengths[index]
        planned = begin if self.habits.catches_up else min(begin, blocks.asks[index])
        end = max(begin, planned + length)
        self._active[person] = end
        self._next[person] = index + 1
        back = inf
        if index + 1 < blocks.first[person + 1]:
            back = max(end, blocks.asks[index + 1])
            heappush(agenda, (back, COME, person, 0))
        self._warned_at[person] = inf
        if self._hands_back[index]:
            heappush(agenda, (end, HAND_BACK, person, turn))
            return
        confirmed = self._confirmed[person]
        if self.options.reclaim:
            due = timing.loss_from(active=end, clock=confirmed, confirmed=confirmed)
            if due < back:
                heappush(agenda, (due, DUE, person, turn))
        due = timing.swept_from(active=end, clock=confirmed, confirmed=confirmed)
        sweep_at = sweep_after(due, self.options.sweep_every)
        warned_at = sweep_at - timing.warning - timing.warning_window
        if warned_at < back:
            self._warned_at[person] = warned_at
        if sweep_at + self.delays.sweeping < back:
            heappush(agenda, (sweep_at + self.delays.sweeping, LOSE, person, turn))

    def _lose(self, at: float, person: int, turn: int) -> None:
        if self._turn[person] == turn and self._state[person] == INSIDE:
            self._take(person, LossReason.SWEEP, at)

    def _not_taken_up(self, at: float, person: int, turn: int) -> None:
        if self._turn[person] == turn and self._state[person] == INSIDE:
            self._take(person, LossReason.UNCLAIMED, at)

    def _take(self, person: int, reason: LossReason, at: float) -> None:
        outcome = self.outcome
        outcome.losses[reason.value] += 1
        outcome.warned += self._warned_at[person] < at
        self._turn[person] += 1
        self._state[person], self._reason[person] = TAKEN, reason.value
        self._absent[person] = False
        if reason in {LossReason.SWEEP, LossReason.RECLAIM}:
            self._lost_at[person] = at
        self._coming += 1
        heappush(self._agenda, (at + self.delays.removing, FREED, person, 0))

    def _freed(self, at: float, person: int, _turn: int) -> None:
        self._coming -= 1
        self._count(at, -1)
        self._line.count(person, -1)
        self._state[person] = OUT
        if self._reason[person] == LossReason.SWEEP:
            self._lock(person, self.options.timing.lock_until(at))
        if self._reason[person] == LossReason.UNCLAIMED:
            self._put_back(person, at)
        self._dispatch(at)
        self._poll_later(at)

    def _lock(self, person: int, until: float) -> None:
        """Keep somebody from a slot for the lock time; who waits already is looked at by upkeep afterwards."""
        self._locked_until[person] = until
        place = self._place[person]
        if place is not None and place in self._line:
            heappush(self._agenda, (_upkeep_after(until), UPKEEP, person, 0))

    def _upkeep(self, at: float, _person: int, _turn: int) -> None:
        self._dispatch(at)

    def _put_back(self, person: int, at: float) -> None:
        place = self._place[person]
        if place is None or place in self._line:
            return
        if not place_is_kept(place.misses):
            return
        place.misses += 1
        self._line.new_visit(place)
        place.alive = place.there = False
        self._line.add(place)
        until = _upkeep_after(at + self.options.timing.place_kept)
        heappush(self._agenda, (until, GONE, person, place.visit))

    # --- Reclaim --------------------------------------------------------------------------------

    def _due(self, at: float, person: int, turn: int) -> None:
        """Somebody has been inactive for long enough; those who wait notice when they ask again."""
        if self._turn[person] == turn and self._state[person] == INSIDE:
            heappush(self._inactive, (self._active[person], person, turn))
            self._poll_later(at)

    def _poll_later(self, at: float) -> None:
        if self.options.reclaim and self._inactive and self._line.alive > self._coming:
            heappush(self._agenda, (at + self.delays.polling, POLL, 0, 0))

    def _poll(self, at: float, _person: int, _turn: int) -> None:
        for _asking in range(self._line.there()):
            if not self._reclaim(at):
                return

    def _reclaim(self, at: float) -> bool:
        """Take the slot of whoever has been inactive longest, if more people wait than slots are coming."""
        slots = self.options.slots
        if not self.options.reclaim or not reclaims(
            waiting=self._line.alive, coming=self._coming, rows=slots, slots=slots
        ):
            return False
        if not self._line.anybody_below_the_caps():
            return False
        while self._inactive:
            _, person, turn = heappop(self._inactive)
            if self._turn[person] == turn and self._state[person] == INSIDE:
                self._take(person, LossReason.RECLAIM, at)
                return True
        return False

    def _count(self, at: float, change: int) -> None:
        outcome, since = self.outcome, at - self._counted_at
        if self._used:
            outcome.used_seconds += since * self._used
            if self._used >= self.options.slots:
                outcome.full_seconds += since
        self._counted_at = at
        self._used += change
        outcome.most_used = max(outcome.most_used, self._used)


def _upkeep_after(at: float) -> float:
    return sweep_after(at, UPKEEP_EVERY)


def replay(
    blocks: Blocks,
    options: Options,
    delays: Delays | None = None,
    habits: Habits | None = None,
) -> Outcome:
    """Replay blocks of work; deterministic."""
    return Replay(blocks, options, delays or Delays(), habits or Habits()).run()
