"""A row of everything that the admin shows."""

from activity.models import LastActivity
from ium.directory.models import User
from ium.schedule import schedules_ensure
from ium.usage.models import Import, PriceTier, Retention, WhatIf
from jira_sync.models import (
    BreakGlass,
    Finding,
    GlassState,
    RunState,
    Severity,
    SyncRun,
    SyncSettings,
)
from slots.models import (
    AlertRule,
    JobRun,
    LicencePool,
    Notice,
    PageRules,
    QueueBranding,
    SlotSession,
    WaitEstimate,
)
from tests.factories import AT, GroupFactory, active, entry_of, holder, member, token_for, waiting


def fill(pool: LicencePool) -> tuple[User, User]:
    """Fill the database; return somebody who holds the slot and somebody who waits."""
    ann, ben = holder(pool, display_name="Ann"), waiting(pool, display_name="Ben")
    active(ann, pool, AT)
    token_for(ann)
    SlotSession.objects.create(
        pool=pool, user=ann, granted_at=AT, ended_at=AT, loss_reason="sweep", waited_seconds=1
    )
    WaitEstimate.objects.create(
        pool=pool, entry=entry_of(ben), made_at=AT, ahead=0,
        low_seconds=0, expected_seconds=60, high_seconds=120,
    )  # fmt: skip
    QueueBranding.objects.create(pool=pool, colour="#0b5fcc")
    JobRun.objects.create(name="sweep", started_at=AT, finished_at=AT)
    member(pool)
    PageRules.objects.create(pk=1)
    Notice.objects.create(
        pool=pool, kind="wait_long", channel="mail", created_at=AT, next_attempt_at=AT
    )
    WhatIf.objects.create(
        pool=pool, since=AT.date(), until=AT.date(), inactivity_minutes=60, created_at=AT
    )
    Import.objects.create(
        pool=pool, name="past.csv", digest="x", time_zone="UTC", created_at=AT, lines=1,
        people=1, spans=1, begins_at=AT, ends_at=AT,
    )  # fmt: skip
    Retention.objects.create(pk=1)
    PriceTier.objects.create(pool=pool, valid_from=AT.date(), price=8, currency="EUR")
    AlertRule.objects.create(pool=pool, kind="full", threshold=5)
    schedules_ensure()
    assert LastActivity.objects.exists()
    of_jira(pool, ann)
    return ann, ben


def of_jira(pool: LicencePool, user: User) -> None:
    """Add what the admin shows of talking to Jira."""
    SyncSettings.objects.create(pool=pool)
    SyncRun.objects.create(pool=pool, started_at=AT, state=RunState.STOPPED)
    Finding.objects.create(
        code="test", severity=Severity.WARNING, pool=pool, first_seen_at=AT, last_seen_at=AT
    )
    group = GroupFactory.create(site=pool.site)
    BreakGlass.objects.create(
        pool=pool, group=group, state=GlassState.GIVEN, started_by=user, started_at=AT
    )
