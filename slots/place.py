"""Where somebody stands in the queue, and why: for the state document."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.directory.models import GroupMembership
from slots.models import LicencePool, QueueEntry
from slots.models.queue import QueueQuerySet
from slots.shares import NO_GROUPS, Groups, Share, Standing, groups_of, standing_of

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class Place:
    """How many people who are there are served before somebody; `reason` for machines, `message` for people.

    `predictable`: the pool's pace tells the wait. It does not where a cap decides.
    """

    ahead: int
    reason: str
    message: str
    predictable: bool = True


def plain_place(ahead: int) -> Place:
    """Return the place of somebody whom no rule puts out of line."""
    return Place(ahead, "waiting", _("All slots are in use. You keep your place."))


def place_of(entry: QueueEntry, pool: LicencePool, at: datetime) -> Place:
    """Return somebody's place. Pools without rules for groups need one query for it."""
    before = pool.entries.alive(at).before(entry)
    if not pool.has_group_rules:
        return plain_place(before.count())
    standing = standing_of(pool)
    mine = groups_of(standing.shares, [entry.user_id]).get(entry.user_id, NO_GROUPS)
    if mine & standing.full():
        return _capped(before, standing, mine)
    below_caps = before.exclude(user__in=_people(standing.full()))
    if mine & standing.owed():
        return _owed(below_caps, standing, mine)
    return _plain(entry, below_caps, standing, mine, at)


def _people(groups: Groups) -> "QuerySet[GroupMembership, Any]":
    return GroupMembership.objects.filter(group__in=groups).values("user")


def _capped(before: QueueQuerySet, standing: Standing, mine: Groups) -> Place:
    share = standing.named(mine & standing.full())
    message = ngettext(
        "Your group “%(group)s” has the one slot that it may have at once. You keep your place, and get a slot when it"
        " becomes free.",
        "Your group “%(group)s” has all %(number)s slots that it may have at once. You keep your place, and get a slot"
        " when one of them becomes free.",
        share.most or 0,
    ) % {"group": share.name, "number": share.most}
    return Place(before.count(), "group_cap", message, predictable=False)


def _owed(before: QueueQuerySet, standing: Standing, mine: Groups) -> Place:
    """Of those before, only people to whom a slot is owed too are served first."""
    share = standing.named(mine & standing.owed())
    message = _(
        "All slots are in use. One that becomes free is reserved for your group “%(group)s”."
    ) % {"group": share.name}
    ahead = before.filter(user__in=_people(standing.owed())).count()
    return Place(ahead, "reserved", message)


def _plain(
    entry: QueueEntry, before: QueueQuerySet, standing: Standing, mine: Groups, at: datetime
) -> Place:
    """Beside those before, people further back are served first while slots are owed to their groups."""
    # Whoever reaches a cap on the way is counted: the place shown can only be better than told.
    behind = entry.pool.entries.alive(at).exclude(pk__in=before.values("pk")).exclude(pk=entry.pk)
    behind = behind.exclude(user__in=_people(standing.full()))
    passing, first = 0, None
    for share in standing.shares:
        owed = share.reserved - standing.used[share.group_id]
        waiting = behind.filter(user__in=_people(frozenset([share.group_id])))
        if owed > 0 and (number := min(owed, waiting.count())):
            passing, first = passing + number, first or share
    if first is None:
        return _by_number(entry, before.count(), standing, mine)
    message = _(
        "All slots are in use. The next one is reserved for “%(group)s”; after that it goes on in order."
    ) % {"group": first.name}
    return Place(before.count() + passing, "reserved_for_others", message)


def _by_number(entry: QueueEntry, ahead: int, standing: Standing, mine: Groups) -> Place:
    """Return the place of somebody who is served by number, less the places of a group."""
    if entry.places_ahead and mine:
        message = ngettext(
            "All slots are in use. Through “%(group)s” you stand up to %(number)s place further ahead.",
            "All slots are in use. Through “%(group)s” you stand up to %(number)s places further ahead.",
            entry.places_ahead,
        )
        group = max((s for s in standing.shares if s.group_id in mine), key=_places).name
        return Place(ahead, "ahead", message % {"group": group, "number": entry.places_ahead})
    number = max(map(_places, standing.shares), default=0)
    if number == 0:
        return plain_place(ahead)
    message = ngettext(
        "All slots are in use. You keep your place; at most %(number)s person who comes later is put before you.",
        "All slots are in use. You keep your place; at most %(number)s people who come later are put before you.",
        number,
    )
    return Place(ahead, "waiting", message % {"number": number})


def _places(share: Share) -> int:
    return share.places_ahead


def reasons_of(pool: LicencePool, users: list[int]) -> dict[int, str]:
    """Return, for the administrator, what rules for groups mean to people who wait. Three queries."""
    standing = standing_of(pool)
    full, owed = standing.full(), standing.owed()
    found: dict[int, str] = {}
    for user_id, groups in groups_of(standing.shares, users).items():
        if groups & full:
            found[user_id] = _("cap of “%(group)s” reached, skipped") % {
                "group": standing.named(groups & full).name
            }
        elif groups & owed:
            found[user_id] = _("next slot reserved for “%(group)s”") % {
                "group": standing.named(groups & owed).name
            }
    return found
