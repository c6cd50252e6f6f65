"""A simulated Jira over real HTTP, and a site with a pool that is set up rightly: tests then break one thing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from ium.directory.models import Group, Site, User
from ium.directory.services import PersonSeen, people_upsert
from jira_sync.client.factory import build
from jira_sync.client.transport import Transport, Tuning
from jira_sync.doctor.services import check_configuration
from jira_sync.models import Finding, SyncSettings
from jira_sync.simulator import credentials
from slots.models import LicencePool
from tests.factories import AT, GroupFactory, MembershipFactory, PoolFactory, SiteFactory
from tests.simulator.process import SimulatorProcess, free_port

FAST = Tuning(connect_timeout=0.5, read_timeout=2.0, read_retries=0, backoff=0.0)
SECRETS = [
    *credentials.ORG_KEYS,
    *credentials.API_TOKENS,
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client give up at once instead of repeating reads for seconds."""
    for made in (build, Transport.__init__):
        assert made.__kwdefaults__ is not None
        monkeypatch.setitem(made.__kwdefaults__, "tuning", FAST)


@dataclass
class World:
    """A site with one pool, and the Jira behind it."""

    jira: SimulatorProcess
    site: Site
    pool: LicencePool

    def set(self, **fields: Any) -> None:
        """Change the site."""
        for name, value in fields.items():
            setattr(self.site, name, value)
        self.site.save()

    def set_pool(self, **fields: Any) -> None:
        """Change the pool, past the rules of its form."""
        LicencePool.objects.filter(pk=self.pool.pk).update(**fields)
        self.pool.refresh_from_db()

    def group(self, name: str, **made: Any) -> Group:
        """Return the mirror of a group; with more than a name Jira gets it first."""
        group_id = (
            self.jira.order("groups", name=name, **made)["groupId"]
            if made
            else self.jira.group(name)["groupId"]
        )
        row, _created = Group.objects.get_or_create(
            site=self.site, group_id=group_id, defaults={"name": name}
        )
        return row

    def sources(self, *groups: Group) -> None:
        """Choose the source groups of the pool."""
        settings, _created = SyncSettings.objects.get_or_create(pool=self.pool)
        settings.source_groups.set(groups)

    def ium_user(self, number: int, name: str = "Ann") -> User:
        """Mirror a person of Jira as an IUM user of the pool."""
        [user] = people_upsert([PersonSeen(credentials.account_id(number), name)])
        MembershipFactory.create(group=self.pool.user_group, user=user)
        return user

    def delete_group(self, group: Group) -> None:
        """Delete a group in Jira, as an administrator would."""
        answer = self.jira.session.delete(
            f"{self.jira.url}/rest/api/3/group",
            params={"groupId": group.group_id},
            auth=(credentials.ADMIN_EMAIL, credentials.ADMIN_TOKEN),
            timeout=5,
        )
        assert answer.ok, answer.text

    def check(self, at: datetime = AT, **how: Any) -> list[Finding]:
        """Check the site; return the findings that are open afterwards."""
        check_configuration(at=at, site_id=self.site.pk, **how)
        return list(Finding.objects.current().order_by("pk"))

    def found(self, code: str, at: datetime = AT, **how: Any) -> list[Finding]:
        """Check the site; return its open findings of one kind."""
        return [one for one in self.check(at, **how) if one.code == code]

    def calls(self) -> int:
        """How many requests Jira has got."""
        return sum(call["count"] for call in self.jira.state()["calls"])

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Let nobody answer for a while: the site's addresses lead to a closed port."""
        there = self.site.url, self.site.api_url
        nowhere = f"http://127.0.0.1:{free_port()}"
        self.set(url=nowhere, api_url=nowhere)
        yield
        self.set(url=there[0], api_url=there[1])


def right_world(jira: SimulatorProcess) -> World:
    """Make a site and a pool in which nothing is wrong."""
    site = SiteFactory.create(
        name="Acme",
        url=jira.url,
        api_url=jira.url,
        cloud_id=credentials.CLOUD_ID,
        org_id=credentials.ORG_ID,
        directory_id=credentials.DIRECTORY_ID,
        org_key=credentials.ORG_KEY,
        org_key_expires_on=AT.date() + timedelta(days=300),
        api_email=credentials.ADMIN_EMAIL,
        api_token=credentials.ADMIN_TOKEN,
        api_token_expires_on=AT.date() + timedelta(days=300),
        alert_emails="ops@example.com",
    )
    pool = PoolFactory.create(
        site=site,
        key="jira",
        name="Jira pool",
        access_group=_group(site, "ium-access"),
        user_group=_group(site, "ium-users"),
        assigned_licences=15,
    )
    world = World(jira, site, pool)
    world.sources(_group(site, "engineering"))
    return world


def _group(site: Site, name: str) -> Group:
    made: Group = GroupFactory.create(
        site=site, name=name, group_id=credentials.stable_uuid(f"group-{name}")
    )
    return made
