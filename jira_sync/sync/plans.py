"""From what was read to what is to be done: no database, no Jira."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from jira_sync.models import EntryAction
from jira_sync.sync.filters import (
    PERSON,
    Reason,
    filter_of,
    left_reason,
    reset_reason,
    room_reason,
    source_reason,
)
from jira_sync.sync.reading import Reading
from slots.models import LicencePool

REMOVALS = (EntryAction.REMOVE, EntryAction.REMOVE_FILTERED)
# Up to so many people may go without asking, whatever share of the users that is.
SMALL_LOSS = 3


@dataclass(frozen=True)
class Step:
    """One person in a plan. `left_out`: beyond the allowed number of users."""

    account_id: str
    name: str
    action: EntryAction
    reason: Reason
    left_out: bool = False


@dataclass(frozen=True)
class Plan:
    """What a run is to do, in order of names. `users` is the number of IUM users before."""

    steps: list[Step]
    users: int
    looked_at: int
    no_sources: bool = False

    def removals(self) -> list[Step]:
        """Return those whom the plan takes out."""
        return [step for step in self.steps if step.action in REMOVALS]

    def additions(self) -> list[Step]:
        """Return those whom the plan would add, the left out among them."""
        return [step for step in self.steps if step.action == EntryAction.ADD]

    def left_out(self) -> int:
        """Return how many are left out for want of room."""
        return sum(step.left_out for step in self.steps)


def make_plan(*, reading: Reading, pool: LicencePool, maximum: int | None) -> Plan:
    """Compare source groups and user group, less those filtered out."""
    steps = [step for account_id in reading.people if (step := _step(account_id, reading, pool))]
    users = _people(reading, reading.users)
    going = sum(step.action in REMOVALS for step in steps)
    room = None if maximum is None else max(0, maximum - (users - going))
    return Plan(
        steps=_with_room(_sorted(steps), room),
        users=users,
        looked_at=len(reading.people),
        no_sources=not _people(reading, reading.sources),
    )


def make_reset_plan(*, reading: Reading, mirrored: Collection[str]) -> Plan:
    """Take out those whom IUM knows as its users; strangers, apps and administrators stay."""
    steps = [
        Step(account_id, reading.people[account_id].name, EntryAction.REMOVE, reset_reason())
        for account_id in reading.users & set(mirrored) - reading.administrators
        if reading.people[account_id].kind == PERSON
    ]
    users = _people(reading, reading.users)
    return Plan(steps=_sorted(steps), users=users, looked_at=len(reading.people))


def too_many_go(plan: Plan, *, percent: int, agreed: Collection[str]) -> bool:
    """Whether a run must ask first. `agreed` are people whose removal an administrator has seen and confirmed.

    Source groups that are all empty look like a mistake whatever the share is.
    """
    going = sum(step.account_id not in agreed for step in plan.removals())
    if going and plan.no_sources:
        return True
    return going > SMALL_LOSS and going * 100 > plan.users * percent


def _step(account_id: str, reading: Reading, pool: LicencePool) -> Step | None:
    source, is_user = reading.sources.get(account_id), account_id in reading.users
    reason = filter_of(account_id, reading, pool)
    name = reading.people[account_id].name
    if reason is not None and (reason.untouchable or not is_user):
        shown = source is not None
        return Step(account_id, name, EntryAction.FILTERED, reason) if shown else None
    if source is None:
        return Step(account_id, name, EntryAction.REMOVE, left_reason())
    if reason is not None:
        return Step(account_id, name, EntryAction.REMOVE_FILTERED, reason)
    return None if is_user else Step(account_id, name, EntryAction.ADD, source_reason(source))


def _people(reading: Reading, account_ids: Iterable[str]) -> int:
    return sum(reading.people[account_id].kind == PERSON for account_id in account_ids)


def _sorted(steps: Iterable[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: (step.name.casefold(), step.account_id))


def _with_room(steps: list[Step], room: int | None) -> list[Step]:
    """Leave out additions beyond the room."""
    if room is None:
        return steps
    additions = [step for step in steps if step.action == EntryAction.ADD]
    beyond = {step.account_id for step in additions[room:]}
    return [
        replace(step, reason=room_reason(), left_out=True) if step.account_id in beyond else step
        for step in steps
    ]
