"""People with more and fewer rights, a pool with groups that suit, and what would have been sent to workers."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from celery.app.task import Task
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from ium.directory.models import Group, Site, User
from jira_sync.models import EntryAction, RunState, SyncEntry, SyncRun, SyncSettings
from slots.models import LicencePool
from tests import factories
from tests.factories import AT
from tests.jira_sync.doctor.conftest import jira_process, world
from tests.jira_sync.doctor.world import quick

# A simulated Jira for the tests that ask for `world`.
__all__ = ["jira_process", "quick", "world"]
GIVES_JIRA = [{"product": "jira-software", "roles": ["atlassian/user"], "takes_licence": True}]


@pytest.fixture(autouse=True)
def _clock(utc_now: Any) -> None:
    """Time stands still at AT."""


@pytest.fixture(autouse=True)
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that workers would have got."""
    names: list[str] = []

    def send_task(name: str, *args: Any, **options: Any) -> None:
        names.append(name)

    def apply_async(self: Any, *args: Any, **options: Any) -> None:
        names.append(self.name)

    # On the app, not its class: what another test had put there before stays as an attribute of its own.
    monkeypatch.setattr(current_app, "send_task", send_task)
    monkeypatch.setattr(Task, "apply_async", apply_async)
    return names


def browser(user: User) -> Client:
    """Return a browser of this person."""
    client = Client()
    client.force_login(user)
    return client


def staff(name: str, *rights: str) -> Client:
    """Return the browser of somebody with these rights ("app.codename") and no others."""
    user = User.objects.create_user(name, is_staff=True)
    for right in rights:
        app, codename = right.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return browser(user)


@pytest.fixture
def boss(db: None) -> Client:
    """The browser of an administrator with all rights."""
    return browser(User.objects.create_superuser("ada", "a long pass phrase"))


@pytest.fixture
def stranger(db: None) -> Client:
    """The browser of staff without any right."""
    return staff("sam")


@pytest.fixture
def watcher(db: None) -> Client:
    """The browser of somebody who may look at everything and do nothing."""
    names = Permission.objects.filter(codename__startswith="view_").select_related("content_type")
    return staff("wanda", *(f"{one.content_type.app_label}.{one.codename}" for one in names))


@pytest.fixture
def site(db: None) -> Site:
    """A site that answers."""
    made: Site = factories.SiteFactory.create(name="Acme", org_key="MARKER-KEY")
    return made


def group(site: Site, name: str, **fields: Any) -> Group:
    """Create a group of which IUM knows what it gives: nothing, unless told otherwise."""
    made: Group = factories.GroupFactory.create(
        site=site, name=name, **{"grants": [], "read_at": timezone.now(), **fields}
    )
    return made


@pytest.fixture
def pool(site: Site) -> LicencePool:
    """A pool with two licences whose groups suit."""
    made: LicencePool = factories.PoolFactory.create(
        site=site,
        name="Jira",
        key="jira",
        access_group=group(site, "ium-access", grants=GIVES_JIRA),
        user_group=group(site, "ium-users"),
    )
    return made


@pytest.fixture
def settings_of_pool(pool: LicencePool) -> SyncSettings:
    """A user sync with one source group."""
    made = SyncSettings.objects.create(pool=pool)
    made.source_groups.add(group(pool.site, "engineering"))
    return made


def run_of(pool: LicencePool, state: str = RunState.DONE, **fields: Any) -> SyncRun:
    """Create a run with one person in each column."""
    run = SyncRun.objects.create(pool=pool, state=state, started_at=AT, **fields)
    for number, action in enumerate(EntryAction.values):
        SyncEntry.objects.create(
            run=run, account_id=f"a{number}", name=f"=Person {number}", action=action, reason="r"
        )
    return run


def texts(response: Any) -> str:
    """Return the messages that a response leaves for the next page."""
    return " ".join(str(one) for one in response.context["messages"]) if response.context else ""
