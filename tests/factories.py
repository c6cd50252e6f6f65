"""What tests are built from: sites, people, pools, and a tiny Jira that carries out what slots want."""

# mypy: allow-untyped-calls

import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from factory.declarations import (
    LazyAttribute,
    LazyFunction,
    SelfAttribute,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory
from factory.helpers import post_generation

from activity.models import Intake, LastActivity, Source
from activity.services import activity_record
from ium.directory.models import Device, Group, GroupMembership, Site, User
from ium.directory.services import token_hash
from slots.models import JournalEntry, LicencePool, LossReason, QueueEntry, Slot, SlotSession
from slots.services import (
    WantedChange,
    change_claim,
    change_confirm,
    pool_apply_limit,
    slot_request,
)

# A Monday morning, on the grid of sweeps of every usual interval.
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    """Return so many seconds."""
    return timedelta(seconds=number)


def minutes(number: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=number)


class SiteFactory(DjangoModelFactory):
    """A site that works."""

    class Meta:
        model = Site

    name = Sequence(lambda n: f"Acme {n}")
    url = Sequence(lambda n: f"https://acme{n}.atlassian.net")
    org_id = "11111111-2222-3333-4444-555555555555"
    connection_state = "ok"


class GroupFactory(DjangoModelFactory):
    """A Jira group."""

    class Meta:
        model = Group

    site = SubFactory(SiteFactory)
    group_id = LazyFunction(lambda: str(uuid.uuid4()))
    name = Sequence(lambda n: f"group-{n}")


class UserFactory(DjangoModelFactory):
    """A person known from Jira. With `account_id=None, username=...` a local one."""

    class Meta:
        model = User

    account_id = LazyFunction(lambda: f"712020:{uuid.uuid4()}")
    username = SelfAttribute("account_id")
    display_name = Sequence(lambda n: f"Person {n}")
    email = Sequence(lambda n: f"person{n}@example.com")
    password = "!"  # nobody can sign in with it


class MembershipFactory(DjangoModelFactory):
    """That a person is in a group."""

    class Meta:
        model = GroupMembership

    group = SubFactory(GroupFactory)
    user = SubFactory(UserFactory)


class PoolFactory(DjangoModelFactory):
    """A pool with its site, its two groups and its slot rows."""

    class Meta:
        model = LicencePool
        skip_postgeneration_save = True

    key = Sequence(lambda n: f"jira-{n}")
    name = Sequence(lambda n: f"Jira {n}")
    site = SubFactory(SiteFactory)
    access_group = SubFactory(GroupFactory, site=SelfAttribute("..site"))
    user_group = SubFactory(GroupFactory, site=SelfAttribute("..site"))
    assigned_licences = 2

    @post_generation
    def slot_rows(pool: LicencePool, create: bool, *_: Any, **__: Any) -> None:  # noqa: N805
        """Make the rows as the product does."""
        if create:
            pool_apply_limit(pool_id=pool.pk, at=AT)


class DeviceFactory(DjangoModelFactory):
    """A signed-in browser. `token="..."` chooses its token."""

    class Meta:
        model = Device

    class Params:
        token = LazyFunction(lambda: f"ium_{uuid.uuid4().hex}")

    user = SubFactory(UserFactory)
    token_hash = LazyAttribute(lambda device: token_hash(device.token))
    label = "Firefox"
    created_at = AT


def token_for(user: User, **fields: Any) -> str:
    """Sign a browser of the person in; return its token."""
    token = f"ium_{uuid.uuid4().hex}"
    DeviceFactory.create(user=user, token=token, **fields)
    return token


def member(pool: LicencePool, **fields: Any) -> User:
    """Create an IUM user: a person in the pool's user group."""
    user: User = UserFactory.create(**fields)
    MembershipFactory.create(group=pool.user_group, user=user)
    return user


def holder(pool: LicencePool, at: datetime = AT, **fields: Any) -> User:
    """Create an IUM user who has had an active slot since `at` (the pool must have a free one)."""
    return FakeJira().holder(pool, at, **fields)


def waiting(pool: LicencePool, at: datetime = AT, **fields: Any) -> User:
    """Create an IUM user who asked for a slot at `at`: in the queue when none was free."""
    user = member(pool, **fields)
    slot_request(user=user, pool=pool, return_url=None, at=at)
    return user


def slot_of(user: User) -> Slot:
    """Return the one slot a person has, fresh."""
    return Slot.objects.select_related("pool__site", "holder").get(holder=user)


def entry_of(user: User) -> QueueEntry:
    """Return the person's latest queue entry, fresh."""
    return QueueEntry.objects.filter(user=user).order_by("-seq")[:1].get()


def active(user: User, pool: LicencePool, at: datetime) -> None:
    """Note activity as a webhook would: a fact, without any look at slots."""
    activity_record(
        user=user, site=pool.site, product=pool.product, active_at=at, source=Source.WEBHOOK, at=at
    )


def last_active(user: User) -> datetime:
    """Return when the person was last seen working."""
    return LastActivity.objects.get(user=user).last_active_at


def trusted(at: datetime) -> None:
    """Note that activity could be received up to this moment, without ending a gap."""
    Intake.objects.update_or_create(pk=1, defaults={"seen_at": at})


class FakeJira:
    """The access groups as Jira would have them, and the most members each ever had."""

    def __init__(self) -> None:
        """Start without members."""
        self.members: defaultdict[str, set[str]] = defaultdict(set)
        self.highest: defaultdict[str, int] = defaultdict(int)
        self.calls: list[tuple[str, str]] = []

    def call(self, change: WantedChange) -> None:
        """Change the membership, as Jira does when it gets the call."""
        self.calls.append(("add" if change.add else "remove", change.account_id))
        if change.dry_run:
            return
        members = self.members[change.group_id]
        if change.add:
            members.add(change.account_id)
        else:
            members.discard(change.account_id)
        self.highest[change.group_id] = max(self.highest[change.group_id], len(members))

    def settle(self, at: datetime) -> int:
        """Carry out everything that is wanted and may be tried now; return how many calls that took."""
        calls = 0
        while changes := self.claim_all(at):
            for change in changes:
                self.call(change)
                change_confirm(change=change, at=at)
            calls += len(changes)
        return calls

    def claim_all(self, at: datetime) -> list[WantedChange]:
        """Claim every wanted change, without carrying it out."""
        wanted = Slot.objects.unfinished(at).order_by("pk").values_list("pk", flat=True)
        claimed = [change_claim(slot_id=pk, at=at) for pk in list(wanted)]
        return [change for change in claimed if change is not None]

    def holder(self, pool: LicencePool, at: datetime = AT, **fields: Any) -> User:
        """Create an IUM user and bring them to an active slot; this Jira then knows them."""
        user = member(pool, **fields)
        slot_request(user=user, pool=pool, return_url=None, at=at)
        self.settle(at)
        slot = slot_of(user)
        assert slot.state == "active", f"no slot was free: {slot.state}"
        return user

    def members_of(self, pool: LicencePool) -> set[str]:
        """Return the account ids in the pool's access group."""
        return self.members[pool.access_group.group_id]

    def highest_of(self, pool: LicencePool) -> int:
        """Return the most members the pool's access group ever had: what Atlassian bills."""
        return self.highest[pool.access_group.group_id]


def claimed(user: User, at: datetime) -> WantedChange:
    """Claim the change that the person's slot wants."""
    change = change_claim(slot_id=slot_of(user).pk, at=at)
    assert change is not None, "the slot wants nothing now, or somebody is at it"
    return change


def confirmed(user: User, at: datetime) -> bool:
    """Claim and confirm the change that the person's slot wants, as if Jira had answered at once."""
    return change_confirm(change=claimed(user, at), at=at)


def stays(
    pool: LicencePool, number: int, held: float, at: datetime, reason: str = LossReason.SWEEP
) -> None:
    """Note so many finished stays of so many seconds each."""
    person = member(pool)
    SlotSession.objects.bulk_create(
        SlotSession(
            pool=pool,
            user=person,
            waited_seconds=0,
            granted_at=at - seconds(held),
            ended_at=at,
            loss_reason=reason,
        )
        for _ in range(number)
    )


def events_of(user: User) -> list[str]:
    """Return what the journal says about a person, in order."""
    return list(
        JournalEntry.objects.filter(user=user).order_by("pk").values_list("event", flat=True)
    )


def events_in(pool: LicencePool) -> list[str]:
    """Return what the journal says about a pool, in order."""
    return list(
        JournalEntry.objects.filter(pool=pool).order_by("pk").values_list("event", flat=True)
    )
