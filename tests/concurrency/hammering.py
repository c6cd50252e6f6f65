"""People who all want a slot at once, and what must be true afterwards."""

import threading
from collections.abc import Callable
from functools import partial

from django.db import IntegrityError

from ium.directory.models import User
from slots.models import JournalEntry, LicencePool, QueueEntry, Slot, SlotState
from slots.services import WantedChange, change_claim, change_confirm, slot_release, slot_request
from tests.concurrency.threads import Watcher, together
from tests.factories import AT, FakeJira, MembershipFactory, UserFactory

TRIES = 10


class SharedJira(FakeJira):
    """The tiny Jira, called by many threads; also counts how often the database's constraints objected."""

    def __init__(self) -> None:
        """Start without members."""
        super().__init__()
        self._lock = threading.Lock()
        self.objections = 0

    def call(self, change: WantedChange) -> None:
        """Change the membership."""
        with self._lock:
            super().call(change)

    def insist(self, job: Callable[[], object]) -> None:
        """Try until the constraints do not object (with the lock they never do), or give up."""
        for _ in range(TRIES):
            try:
                job()
            except IntegrityError:
                with self._lock:
                    self.objections += 1
            else:
                return


def crowd(pool: LicencePool, number: int) -> list[User]:
    """Create so many IUM users."""
    people: list[User] = UserFactory.create_batch(number)
    for person in people:
        MembershipFactory.create(group=pool.user_group, user=person)
    return people


def carry_out(user: User, jira: SharedJira) -> None:
    """Do what a worker does for the person's slot, if it wants anything."""
    slot = Slot.objects.filter(holder=user).first()
    change = change_claim(slot_id=slot.pk, at=AT) if slot is not None else None
    if change is not None:
        jira.call(change)
        jira.insist(partial(change_confirm, change=change, at=AT))


def visit(people: list[User], pool: LicencePool, jira: SharedJira) -> None:
    """Let people ask, get in, ask again; every third one hands the slot or place back."""
    for number, user in enumerate(people):
        jira.insist(partial(slot_request, user=user, pool=pool, return_url=None, at=AT))
        carry_out(user, jira)
        jira.insist(partial(slot_request, user=user, pool=pool, return_url=None, at=AT))
        if number % 3 == 2:
            jira.insist(partial(slot_release, user=user, pool=pool, at=AT))
            carry_out(user, jira)


def hammer(pool: LicencePool, *, threads: int, each: int, jira: SharedJira) -> Watcher:
    """Let many threads visit the pool at once while somebody watches; errors of theirs are errors."""
    people = crowd(pool, threads * each)
    shares = [people[number::threads] for number in range(threads)]
    with Watcher(pool) as watcher:
        results = together([partial(visit, share, pool, jira) for share in shares])
    errors = [result for result in results if isinstance(result, Exception)]
    assert not errors, errors[:3]
    return watcher


def check_limit(pool: LicencePool, watcher: Watcher, jira: SharedJira) -> None:
    """Check that nobody got more than there is, at any instant, and that all of it is used."""
    limit = pool.slot_count
    assert watcher.highest <= limit
    assert jira.highest_of(pool) <= limit
    holders = list(pool.slots.used().values_list("holder", flat=True))
    assert len(holders) == len(set(holders)) == limit
    assert jira.objections == 0


def check_order(pool: LicencePool) -> None:
    """Check that slots were given exactly in the order of joining."""
    granted = JournalEntry.objects.filter(pool=pool, event="granted").order_by("pk")
    numbers = [entry.details["seq"] for entry in granted]
    assert len(numbers) >= pool.slot_count
    assert numbers == sorted(numbers)
    waiting = pool.entries.waiting().values_list("seq", flat=True)
    assert all(number > max(numbers) for number in waiting)


def check_one_place_each(pool: LicencePool) -> None:
    """Check that every open wait is another person's, and nobody waits who has a slot."""
    waiting = list(QueueEntry.objects.waiting().filter(pool=pool).values_list("user", flat=True))
    assert len(waiting) == len(set(waiting))
    inside = pool.slots.exclude(state=SlotState.REVOKING).values_list("holder", flat=True)
    assert not set(waiting) & set(inside)
