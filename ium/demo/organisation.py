"""The demo's site, groups, pool and administrator."""

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from ium.demo.webhook import demo_webhook
from ium.directory.models import Group, Site, User
from ium.lib import clock
from jira_sync.client.interface import GroupInfo
from jira_sync.connections import directory_of
from jira_sync.models import SyncSettings
from jira_sync.services import (
    reconcile_pool,
    sync_projects,
    sync_protected,
    sync_user_group,
)
from jira_sync.services.groups import groups_refresh
from slots.models import LicencePool
from slots.services import pool_apply_limit

LICENCES = 15
LOGIN = "admin"
SOURCE_GROUPS = ("engineering", "marketing", "support-team", "finance", "design")
# The shortest that is allowed, so that somebody who watches sees slots change hands.
INACTIVITY_MINUTES = 5
SWEEP_MINUTES = 1


def demo_prepare() -> LicencePool:
    """Make the demo's site, groups and pool if they are missing, and read its people. May run again."""
    credentials = _credentials()
    site = _site(credentials)
    pool = LicencePool.objects.filter(key="jira").first() or _pool(site)
    pool_apply_limit(pool_id=pool.pk, at=clock.now())
    groups_refresh(site_id=site.pk, at=clock.now())
    _source_groups(pool)
    sync_protected(sites=[site])
    sync_user_group(group_id=pool.user_group_id)
    reconcile_pool(pool_id=pool.pk)
    sync_projects(site_id=site.pk)
    demo_webhook(site, credentials)
    return pool


def _source_groups(pool: LicencePool) -> None:
    """Choose the ordinary groups, but run nothing: a visitor tries the dry run first."""
    sync, created = SyncSettings.objects.get_or_create(pool=pool)
    if created:
        sync.source_groups.set(pool.site.groups.filter(name__in=SOURCE_GROUPS))


def _credentials() -> dict[str, Any]:
    """Ask the simulated Jira's program for its keys: a separate process, as Atlassian would be."""
    answer = subprocess.run(
        [sys.executable, "-m", "jira_sync.simulator", "--print-credentials"],
        cwd=settings.BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    credentials: dict[str, Any] = json.loads(answer.stdout)
    return credentials


def _site(credentials: dict[str, Any]) -> Site:
    site, _created = Site.objects.update_or_create(
        name="Simulated Jira",
        defaults={
            "url": settings.IUM_SIMULATOR_URL,
            "api_url": settings.IUM_SIMULATOR_URL,
            "cloud_id": credentials["cloud_id"],
            "org_id": credentials["org_id"],
            "directory_id": credentials["directory_id"],
            "org_key": credentials["org_key"],
            "api_email": credentials["admin_email"],
            "api_token": credentials["api_token"],
        },
    )
    return site


@transaction.atomic
def _pool(site: Site) -> LicencePool:
    return LicencePool.objects.create(
        key="jira",
        name="Jira",
        site=site,
        access_group=_group(site, "ium-access"),
        user_group=_group(site, "ium-users"),
        assigned_licences=LICENCES,
        inactivity_minutes=INACTIVITY_MINUTES,
        sweep_interval_minutes=SWEEP_MINUTES,
    )


def _group(site: Site, name: str) -> Group:
    found: GroupInfo | None = directory_of(site).find_group(name=name)
    if found is None:
        raise LookupError(f"The simulated Jira has no group {name}.")
    group, _created = Group.objects.update_or_create(
        site=site, group_id=found.group_id, defaults={"name": found.name}
    )
    return group


def demo_administrator() -> tuple[str, str]:
    """Return login and password of the demo's administrator; made once, kept in the data folder."""
    path = Path(settings.DATA_DIR) / "demo-administrator.txt"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    password = path.read_text().strip()
    user = User.objects.filter(username=LOGIN).first()
    if user is None:
        User.objects.create_superuser(LOGIN, password, display_name="Administrator")
    elif not user.check_password(password):
        password = "(as you set it)"  # noqa: S105 - a remark
    return LOGIN, password
