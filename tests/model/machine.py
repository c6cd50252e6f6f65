"""The state machine: all rules together, in a world of its own per example."""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db.models import Max, Model, QuerySet
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    run_state_machine_as_test,
)

from ium.directory.services import group_members_replace
from ium.lib.rows import insert_from
from slots.models import JournalEntry
from slots.services import pool_people_left
from slots.signals import slot_change_wanted
from tests.model.document import check_document
from tests.model.rules_admin import AdminRules
from tests.model.rules_drift import DriftRules
from tests.model.rules_jira import JiraRules
from tests.model.rules_jobs import JobRules
from tests.model.rules_people import PeopleRules
from tests.model.rules_teams import TEAMS, TeamRules
from tests.model.rules_time import TimeRules
from tests.model.settling import settle
from tests.model.workers import Call, ask
from tests.model.world import Setting, World

STEPS_PER_EXAMPLE = 80
# Reading a document costs as much as a step: not after every one.
STEPS_PER_LOOK = 5


class Run:
    """What the machines of this process share: a count of steps."""

    steps = 0


def the_world() -> World:
    """Return the world that is being acted in."""
    assert World.current is not None
    return World.current


class Machine(
    PeopleRules,
    TimeRules,
    JobRules,
    JiraRules,
    AdminRules,
    TeamRules,
    DriftRules,
    RuleBasedStateMachine,
):
    """One random history."""

    started = False

    @initialize(
        setting=st.builds(
            Setting,
            licences=st.integers(1, 3),
            sweep_interval_minutes=st.sampled_from([1, 5]),
            warning_seconds=st.sampled_from([60, 90]),
            minimum_hold_seconds=st.sampled_from([0, 120, 600]),
            lock_minutes=st.sampled_from([0, 0, 2]),
            place_kept_seconds=st.sampled_from([90, 300]),
            reclaim=st.booleans(),
            crowd=st.integers(0, 6),
            teams=st.lists(TEAMS, max_size=2),
        )
    )
    def begin(self, setting: Setting) -> None:
        """Set the pool up."""
        self.looked = 0
        self.world = World(setting)
        self.started = True

    def check_invariants(self, *args: Any) -> None:
        """Now and then somebody looks, another one each time. All else is checked within the steps."""
        if not self.started:
            return
        Run.steps += 1
        self.looked += 1
        if self.looked % STEPS_PER_LOOK == 0:
            world = self.world
            check_document(
                world.person(self.looked // STEPS_PER_LOOK), world.fresh_pool(), world.at
            )

    def teardown(self) -> None:
        """Stop all faults; everything must come to an end. After a failure only forget the world."""
        if not self.started:
            return
        try:
            if sys.exc_info()[0] is None:
                settle(self.world)
        finally:
            self.world.end()


def between_steps(step: Callable[..., object]) -> Callable[..., object]:
    """Return a service before which a worker pauses, and may die: each service call is a transaction of its own."""

    def paused(*args: object, **kwargs: object) -> object:
        ask(Call("step"))
        return step(*args, **kwargs)

    return paused


def now() -> datetime:
    """Return the time of the world."""
    return the_world().at


def note(*, slot_ids: tuple[int, ...], **_: object) -> None:
    """Take a message to the worker on its way."""
    the_world().messages.extend(slot_ids)


def telling_the_world(rows: QuerySet[Any], model: type[Model], **columns: Any) -> None:
    """Make rows in one statement, as the product does, and tell of those that no signal tells of."""
    last = JournalEntry.objects.aggregate(last=Max("pk"))["last"] or 0
    insert_from(rows, model, **columns)
    for entry in JournalEntry.objects.filter(pk__gt=last).order_by("pk"):
        the_world().check.hear(entry)


def telling_of_many(entries: list[JournalEntry], **options: Any) -> list[JournalEntry]:
    """Write many entries at once, as the product does, and tell of them."""
    written = JournalEntry.objects.get_queryset().bulk_create(entries, **options)
    for entry in written:
        the_world().check.hear(entry)
    return written


def prepare(patch: pytest.MonkeyPatch) -> None:
    """Put the world's clock, Jira and message list in the place of the real ones."""
    patch.setattr(JournalEntry.objects, "bulk_create", telling_of_many)
    patch.setattr("slots.services.journal.insert_from", telling_the_world)
    # Half of Hypothesis' examples repeat parts of others; here fresh ones find more. Harmless where it is missing.
    engine = "hypothesis.internal.conjecture.engine.ConjectureRunner.generate_mutations_from"
    patch.setattr(engine, lambda *_: None, raising=False)
    patch.setattr("ium.lib.clock.now", now)
    patch.setattr("jira_sync.connections._build", lambda *_: the_world().jira)
    people = "jira_sync.services.people"
    patch.setattr(f"{people}.group_members_replace", between_steps(group_members_replace))
    patch.setattr(f"{people}.pool_people_left", between_steps(pool_people_left))
    slot_change_wanted.connect(note, weak=False, dispatch_uid="tests.model")


def clean() -> None:
    """Take the message list away again."""
    slot_change_wanted.disconnect(dispatch_uid="tests.model")


def run(number: int, *, examples: int, shrink: bool = True) -> None:
    """Run so many examples from a seed; a failure is reported as a list of steps, shrunk if wanted."""

    class Seeded(Machine):
        """The machine with a seed of its own."""

    phases = [Phase.explicit, Phase.generate] + ([Phase.shrink] if shrink else [])
    verbosity = Verbosity.verbose if os.environ.get("IUM_TEST_VERBOSE") else Verbosity.normal
    try:
        _run(seed(number)(Seeded), examples, phases, verbosity)
    except BaseException as error:
        error.add_note(
            f"The same again: IUM_TEST_SEED={number} IUM_TEST_EXAMPLES={examples} "
            ".venv/bin/pytest tests/model/test_model.py"
        )
        raise


def _run(factory: type[Machine], examples: int, phases: list[Phase], verbosity: Verbosity) -> None:
    run_state_machine_as_test(
        factory,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_PER_EXAMPLE,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            phases=phases,
            verbosity=verbosity,
            suppress_health_check=list(HealthCheck),
        ),
    )
