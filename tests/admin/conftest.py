"""People with more and fewer rights, and a small world with a row of everything."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from ium.directory.models import User
from ium.usage.models import Import, PriceTier, Retention, WhatIf
from slots.models import (
    AlertKind,
    AlertRule,
    Channel,
    JobRun,
    LicencePool,
    LossReason,
    Notice,
    NoticeKind,
    PageRules,
    QueueBranding,
    SlotSession,
    WaitEstimate,
)
from slots.services import pool_apply_limit
from tests import factories
from tests.factories import AT


def staff(username: str, *rights: str) -> User:
    """Create somebody who may use the admin, with these rights ("app.codename") and no others."""
    user = User.objects.create_user(username, is_staff=True, display_name=username.title())
    for right in rights:
        app, codename = right.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user


def signed_in(user: User) -> Client:
    """Return a browser of this person."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def _clock(utc_now: Any, intake: None) -> None:
    """Time stands still at AT, and activity is received."""


@pytest.fixture
def admin_user(db: None) -> User:
    """An administrator with all rights."""
    return User.objects.create_superuser("ada", "a long pass phrase", display_name="Ada Admin")


def showing_names(client: Client) -> Client:
    """Let this browser ask for names instead of pseudonyms, as "Show names" does."""
    client.post(reverse("admin:slots_journalentry_show_names"), {"_form_submitted": "on"})
    return client


@pytest.fixture
def boss(admin_user: User) -> Client:
    """The browser of an administrator with all rights."""
    return signed_in(admin_user)


@pytest.fixture
def stranger(db: None) -> Client:
    """The browser of staff without any right."""
    return signed_in(staff("sam"))


@pytest.fixture
def watcher(db: None) -> Client:
    """The browser of somebody who may look at everything and do nothing."""
    names = Permission.objects.filter(codename__startswith="view_")
    rights = [
        f"{right.content_type.app_label}.{right.codename}" for right in names.select_related()
    ]
    return signed_in(staff("wanda", *rights))


@pytest.fixture
def pool(db: None) -> LicencePool:
    """A pool with two licences."""
    created: LicencePool = factories.PoolFactory.create(name="Jira", key="jira")
    return created


def populate(pool: LicencePool, number: int) -> None:
    """Add so many of everything that grows: holders, waiting people, journal, stays, devices, jobs."""
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=pool.assigned_licences + number)
    pool.refresh_from_db()
    pool_apply_limit(pool_id=pool.pk, at=AT)
    PageRules.objects.get_or_create(pk=1)
    QueueBranding.objects.get_or_create(pool=None)
    for count in range(number):
        holder = factories.holder(pool)
        factories.active(holder, pool, AT - timedelta(minutes=count))
        factories.token_for(holder)
        factories.GroupFactory.create(site=pool.site)
        JobRun.objects.create(name=f"job-{holder.pk}", started_at=AT, finished_at=AT)
        SlotSession.objects.create(
            pool=pool,
            user=holder,
            waited_seconds=5,
            granted_at=AT - timedelta(hours=1),
            ended_at=AT,
            loss_reason=LossReason.SWEEP,
        )
        Notice.objects.create(
            pool=pool,
            kind=NoticeKind.WAIT_LONG,
            channel=Channel.MAIL,
            created_at=AT,
            next_attempt_at=AT,
        )
        WhatIf.objects.create(
            pool=pool,
            since=AT.date(),
            until=AT.date(),
            inactivity_minutes=60,
            created_at=AT,
        )
        Import.objects.create(
            pool=pool, name="past.csv", digest=str(holder.pk), time_zone="UTC", created_at=AT, lines=1,
            people=1, spans=1, begins_at=AT, ends_at=AT,
        )  # fmt: skip
        Retention.objects.get_or_create(pk=1)
        PriceTier.objects.create(
            pool=pool, valid_from=AT + timedelta(days=holder.pk), price=8, currency="EUR"
        )
        kind = AlertKind.values[count % len(AlertKind.values)]
        AlertRule.objects.get_or_create(pool=pool, kind=kind, defaults={"threshold": 5})
    full = LicencePool.objects.filter(key="full").first() or factories.PoolFactory.create(
        key="full", assigned_licences=0
    )
    for _ in range(number):
        waiting = factories.waiting(full)
        WaitEstimate.objects.create(
            pool=full,
            entry=factories.entry_of(waiting),
            made_at=AT,
            ahead=0,
            low_seconds=0,
            expected_seconds=60,
            high_seconds=120,
        )
