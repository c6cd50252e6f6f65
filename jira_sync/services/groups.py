"""The mirror of a site's groups, and which of them suit which purpose."""

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from ium.directory.models import Group, Site
from jira_sync.client.errors import GroupNotFound, JiraError
from jira_sync.client.interface import Grant
from jira_sync.connections import directory_of
from jira_sync.doctor.credentials import connection_of
from jira_sync.doctor.group_reading import GroupReader, GroupSeen, group_reader
from jira_sync.doctor.group_use import gives_licence, groups_in_use, product_name
from jira_sync.doctor.suitability import suitable_groups

__all__ = ["GroupsRead", "gives_licence", "groups_refresh", "product_name", "suitable_groups"]

# Calls for single groups in one refresh; the rest keeps what was known and gets its turn later.
GRANTS_AT_MOST = 200
PLATFORM = "platform"
ADMIN_ROLES = frozenset({"atlassian/org-admin", "atlassian/site-admin", "atlassian/admin"})
MIRRORED = ["name", "is_read_only", "grants", "is_admin", "default_for", "missing_since"]


@dataclass(frozen=True)
class GroupsRead:
    """What a refresh found.

    How many groups Jira has, how many are gone, and how many wait for the next time to be asked what they give;
    `renamed` has the new names of groups that IUM uses, by group id.
    """

    groups: int
    missing: int
    waiting: int
    renamed: Mapping[str, str]


@dataclass(frozen=True)
class _Mirror:
    """The site's groups as they were known before: by group id, and the ids of those that IUM uses."""

    known: Mapping[str, Group]
    used: frozenset[str]

    @classmethod
    def of(cls, site: Site) -> "_Mirror":
        known = {group.group_id: group for group in site.groups.all()}
        uses = groups_in_use(site)
        return cls(known, frozenset(key for key, group in known.items() if group.pk in uses))


@dataclass(frozen=True)
class _Facts:
    """What Jira said: the list, and by group id what was learned beyond it. `defaults` None: nobody could tell."""

    seen: list[GroupSeen]
    grants: Mapping[str, tuple[Grant, ...]]
    defaults: Mapping[str, list[str]] | None
    read_only: Mapping[str, bool | None]


def groups_refresh(
    *,
    site_id: int,
    at: datetime,
    take_over_names: bool = True,
    grants_at_most: int = GRANTS_AT_MOST,
) -> GroupsRead:
    """Make the mirror of the site's groups equal to Jira. Groups that are gone are marked, never deleted.

    `take_over_names=False` leaves the names of groups that IUM uses, so that a renamed one can be pointed out.
    Raises JiraError, before anything is written.
    """
    site = Site.objects.get(pk=site_id)
    mirror = _Mirror.of(site)
    facts = _read(site, mirror, grants_at_most)
    keep = frozenset() if take_over_names else mirror.used
    missing = _store(site, facts, keep_names=keep, at=at)
    waiting = sum(one.grants is None and one.group_id not in facts.grants for one in facts.seen)
    return GroupsRead(len(facts.seen), missing, waiting, _renamed(mirror, facts.seen))


def _read(site: Site, mirror: _Mirror, grants_at_most: int) -> _Facts:
    """Ask Jira for everything: the list, the grants of groups that give something, who manages those in use."""
    keys = tuple(key for key in (site.org_key, site.second_org_key) if key)
    reader = group_reader(connection_of(site, org_keys=keys, with_token=not keys))
    seen = reader.all_groups()
    grants = _read_grants(reader, _by_urgency(seen, mirror)[:grants_at_most])
    read_only = {
        one.group_id: reader.is_read_only(one) if one.group_id in mirror.used else one.read_only
        for one in seen
    }
    return _Facts(seen, grants, _default_groups(site), read_only)


def _renamed(mirror: _Mirror, seen: list[GroupSeen]) -> dict[str, str]:
    return {
        one.group_id: one.name
        for one in seen
        if one.group_id in mirror.used and one.name != mirror.known[one.group_id].name
    }


def _by_urgency(seen: list[GroupSeen], mirror: _Mirror) -> list[str]:
    """Return the groups that must be asked for their grants: those in use, those never read, the rest by chance."""

    def urgency(group_id: str) -> int:
        if group_id in mirror.used:
            return 0
        known = mirror.known.get(group_id)
        return 1 if known is None or known.grants is None else 2

    wanted = [one.group_id for one in seen if one.grants is None]
    random.shuffle(wanted)
    return sorted(wanted, key=urgency)


def _read_grants(reader: GroupReader, group_ids: list[str]) -> dict[str, tuple[Grant, ...]]:
    found = {}
    for group_id in group_ids:
        try:
            found[group_id] = reader.grants_of(group_id)
        except GroupNotFound:  # deleted since the list was read
            continue
    return found


def _default_groups(site: Site) -> dict[str, list[str]] | None:
    """Return the products whose default group each group is; None without the credential that can tell."""
    try:
        products = directory_of(site).products()
    except JiraError:
        return None
    found = defaultdict(list)
    for product in products:
        for group_id in product.default_group_ids:
            found[group_id].append(product.product)
    return found if products else None


@transaction.atomic
def _store(site: Site, facts: _Facts, *, keep_names: frozenset[str], at: datetime) -> int:
    """Write only what differs; return how many groups are missing in Jira."""
    Group.objects.bulk_create(
        [Group(site=site, group_id=one.group_id, name=one.name) for one in facts.seen],
        ignore_conflicts=True,
        batch_size=500,
    )
    rows = {group.group_id: group for group in site.groups.order_by("pk")}
    changed = [
        row
        for one in facts.seen
        if _takes_over(row := rows[one.group_id], one, facts, keep_name=one.group_id in keep_names)
    ]
    Group.objects.bulk_update(changed, MIRRORED, batch_size=200)
    there = {one.group_id for one in facts.seen}
    site.groups.filter(group_id__in=there).update(read_at=at)
    site.groups.exclude(group_id__in=there).filter(missing_since=None).update(missing_since=at)
    return len(rows.keys() - there)


def _takes_over(row: Group, seen: GroupSeen, facts: _Facts, *, keep_name: bool) -> bool:
    """Put what was read into the row; return whether that changed it."""
    before = [getattr(row, name) for name in MIRRORED]
    grants = facts.grants.get(row.group_id, seen.grants)
    row.name = row.name if keep_name else seen.name
    row.missing_since = None
    read_only = facts.read_only.get(row.group_id)
    row.is_read_only = row.is_read_only if read_only is None else read_only
    if grants is not None:
        row.grants = [_as_json(grant) for grant in grants if grant.product != PLATFORM]
        row.is_admin = any(ADMIN_ROLES & set(grant.roles) for grant in grants)
    row.is_admin = row.is_admin or seen.is_admin
    if facts.defaults is not None:
        row.default_for = facts.defaults.get(row.group_id, [])
    return before != [getattr(row, name) for name in MIRRORED]


def _as_json(grant: Grant) -> dict[str, Any]:
    return {
        "product": grant.product,
        "roles": list(grant.roles),
        "takes_licence": grant.takes_licence,
    }
