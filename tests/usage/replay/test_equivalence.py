"""The replay decides as production does: the real services and the replay get the same history and must agree.

Small random companies on SQLite, with time passed in. Compared: who got a slot when, who waited how long, who was
warned, and who lost the slot when and why.
"""

import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from ium.bench.company_run import CompanyRun, Sitting, make_people, make_pool
from ium.directory.models import Group
from ium.usage.demand import Demand, Want
from ium.usage.replay.blocks import Blocks, blocks_of
from ium.usage.replay.engine import Replay
from ium.usage.replay.line import Place
from ium.usage.replay.options import Delays, Habits, Options
from slots.models import Event, JournalEntry, LicencePool, LossReason
from slots.rules import Timing
from slots.shares import shares_of
from tests.factories import AT

pytestmark = pytest.mark.django_db
BEGIN = AT.timestamp()
# Odd lengths: nothing falls together with a job's grid by chance.
DELAYS = Delays(adding=1.37, removing=2.71, opening=0.0, noticing=0.0, polling=0.0, sweeping=0.0)
MINUTE = 60.0
# 26 examples of three hours took 90 s of a processor and agreed; this many take about ten.
MANY = int(os.environ.get("IUM_EQUIVALENCE_EXAMPLES", "6"))


class Told(Replay):
    """A replay that tells who got and who lost a slot when."""

    def __init__(self, *arguments: object) -> None:
        """Begin with an empty story."""
        self.story: list[tuple[float, str, int]] = []
        super().__init__(*arguments)  # type: ignore[arg-type] # the same arguments

    def _grant(self, place: Place, at: float) -> None:
        self.story.append((at, "granted", place.person))
        super()._grant(place, at)

    def _take(self, person: int, reason: LossReason, at: float) -> None:
        self.story.append((at, reason.value, person))
        super()._take(person, reason, at)


def histories(seed: int, people: int) -> list[Demand]:
    """Return a random morning of a few people."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    demands = []
    for number in range(people):
        at, wants = BEGIN + draw.uniform(0, 20 * MINUTE), []
        while at < BEGIN + 5400:
            spans = []
            for _ in range(draw.randint(1, 3)):
                end = at + draw.uniform(5, 12 * MINUTE)
                spans.append((at, end))
                at = end + draw.choice([30, 200, 400, 700, 1300]) * draw.uniform(0.9, 1.1)
            wants.append(Want(spans[0][0], spans[-1][1], tuple(spans)))
            at += draw.uniform(0, 25 * MINUTE)
        demands.append(Demand(number, frozenset(), tuple(wants)))
    return demands


def in_production(pool: LicencePool, blocks: Blocks, replay: Replay, patience: float) -> None:
    """Let the services run with the same people."""
    plans = [
        [
            Sitting(
                blocks.asks[index],
                ((blocks.asks[index], blocks.asks[index] + blocks.lengths[index]),),
                home=blocks.homes[index],
                patience=patience * replay._patience[index],
            )
            for index in range(blocks.first[person], blocks.first[person + 1])
        ]
        for person in range(blocks.people)
    ]
    CompanyRun(pool, make_people(pool, blocks.groups), plans, DELAYS).run()


def story_of(pool: LicencePool) -> list[tuple[float, str, int]]:
    """Return who got and who lost a slot when, from the journal."""
    rows = JournalEntry.objects.filter(pool=pool, event__in=[Event.GRANTED, Event.REVOKING])
    return [
        (
            row.at.timestamp(),
            "granted" if row.event == Event.GRANTED else row.reason,
            int((row.user.account_id or "").rsplit("-", 1)[1]),
        )
        for row in rows.select_related("user").order_by("pk")
        if row.user is not None
    ]


def rounded(story: list[tuple[float, str, int]]) -> list[tuple[float, str, int]]:
    """Return a story in an order of its own: to the millisecond, then by what happened."""
    return sorted((round(at, 3), what, who) for at, what, who in story)


@settings(
    max_examples=MANY,
    deadline=None,
    derandomize=True,
    # Every example runs the services for seconds: shrinking would take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10_000),
    people=st.integers(2, 7),
    slots=st.integers(1, 5),
    options=st.fixed_dictionaries(
        {
            "inactivity_minutes": st.sampled_from([5, 10, 15]),
            "sweep_interval_minutes": st.sampled_from([1, 5, 7]),
            "minimum_hold_seconds": st.sampled_from([0, 120, 900]),
            "lock_minutes": st.sampled_from([0, 0, 6]),
            "claim_seconds": st.sampled_from([90, 120]),
            "place_kept_seconds": st.sampled_from([90, 300]),
            "warning_seconds": st.sampled_from([60, 120]),
            "reclaim_on_request": st.booleans(),
        }
    ),
    patience=st.sampled_from([200.0, 1200.0, 6000.0]),
    rules=st.sampled_from(
        [
            [],
            [{"places_ahead": 2}],
            [{"reserved_slots": 1}],
            [{"max_slots": 1}, {"places_ahead": 1, "reserved_slots": 1}],
        ]
    ),
)
@example(
    seed=197,
    people=8,
    slots=1,
    options={
        "inactivity_minutes": 5,
        "sweep_interval_minutes": 1,
        "warning_seconds": 60,
        "reclaim_on_request": True,
        "lock_minutes": 0,
        "minimum_hold_seconds": 0,
        "place_kept_seconds": 90,
        "claim_seconds": 90,
    },
    patience=6000.0,
    rules=[{"max_slots": 1}, {"places_ahead": 1, "reserved_slots": 1}],
)
def test_services_and_replay_agree(
    seed: int,
    people: int,
    slots: int,
    options: dict[str, int],
    patience: float,
    rules: list[dict[str, int]],
) -> None:
    from django.db import transaction

    with transaction.atomic():
        pool = make_pool(
            rules=rules, at=BEGIN - 3600, assigned_licences=slots, buffer_licences=0, **options
        )
        ids = list(Group.objects.filter(name__startswith="rule-").values_list("pk", flat=True))
        demands = [
            Demand(
                demand.person,
                frozenset(key for bit, key in enumerate(ids) if demand.person >> bit & 1),
                demand.wants,
            )
            for demand in histories(seed, people)
        ]
        blocks = blocks_of(demands, inactivity=pool.lengths["inactivity"])
        told = Told(
            blocks,
            Options(
                slots=pool.slot_count,
                timing=Timing.of(float, **pool.lengths),
                sweep_every=pool.sweep_interval_minutes * MINUTE,
                reclaim=pool.reclaim_on_request,
                shares=tuple(shares_of(pool)),
            ),
            DELAYS,
            Habits(patience=patience, seed=seed),
        )
        outcome = told.run()
        in_production(pool, blocks, told, patience)
        expected, found = rounded(story_of(pool)), rounded(told.story)
        if expected != found:
            note(f"only production: {sorted(set(expected) - set(found))[:6]}")
            note(f"only replay: {sorted(set(found) - set(expected))[:6]}")
        assert found == expected
        warned = JournalEntry.objects.filter(pool=pool, event=Event.WARNED).count()
        assert outcome.warned == warned
        waits = Counter(
            (round((closed - joined).total_seconds(), 2), reason == "served")
            for joined, closed, reason in pool.entries.values_list(
                "joined_at", "closed_at", "close_reason"
            )
            if closed is not None and closed > joined and reason == "served"
        )
        replayed = Counter((round(w.seconds, 2), True) for w in outcome.waits if w.served)
        assert replayed == waits
        gone = pool.entries.filter(close_reason="gone").count()
        assert sum(not wait.served for wait in outcome.waits) == gone
        transaction.set_rollback(True)
