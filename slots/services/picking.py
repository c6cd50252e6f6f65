"""Who gets the next slots where groups have rules. Reads only the front of the queue, however long that is."""

from django.db.models import QuerySet

from ium.directory.models import GroupMembership
from slots.models import LicencePool, QueueEntry
from slots.models.queue import QueueQuerySet
from slots.shares import NO_GROUPS, Choice, Groups, Standing, choose, groups_of, standing_of

Pick = tuple[QueueEntry, Choice]


def pick(*, pool: LicencePool, heads: QueueQuerySet, number: int) -> list[Pick]:
    """Return who gets the next `number` slots, in the order of the queue, and why. The caller holds the pool lock.

    `heads` are the waits that may be served, in their order. A cap that is reached on the way changes who may come
    next: then the front of the queue is read again.
    """
    standing = standing_of(pool)
    picked: list[Pick] = []
    while len(picked) < number:
        left = heads.exclude(pk__in=[entry.pk for entry, _ in picked])
        more = _until_a_cap_is_reached(left, standing, number - len(picked))
        if not more:
            break
        picked += more
    return picked


def _until_a_cap_is_reached(heads: QueueQuerySet, standing: Standing, number: int) -> list[Pick]:
    full = standing.full()
    front = _front(heads, standing, number)
    mine = groups_of(standing.shares, [entry.user_id for entry in front])
    picked: list[Pick] = []
    while len(picked) < number and standing.full() == full:
        queue = [mine.get(entry.user_id, NO_GROUPS) for entry in front]
        chosen = choose(queue, standing, 1)
        if not chosen:
            break
        entry = front.pop(chosen[0].index)
        picked.append((entry, _with_skipped(chosen[0], entry, heads, full)))
    return picked


def _front(heads: QueueQuerySet, standing: Standing, number: int) -> list[QueueEntry]:
    """Return the first people below the caps, and the first of those to whom slots are owed, in order."""
    full, owed = standing.full(), standing.owed()
    below = heads.exclude(user__in=_members(full)) if full else heads
    first = {entry.pk: entry for entry in below[:number]}
    if owed:
        first |= {entry.pk: entry for entry in below.filter(user__in=_members(owed))[:number]}
    return sorted(first.values(), key=lambda entry: entry.order)


def _members(groups: Groups) -> "QuerySet[GroupMembership, int]":
    return GroupMembership.objects.filter(group__in=groups).values_list("user", flat=True)


def _with_skipped(choice: Choice, entry: QueueEntry, heads: QueueQuerySet, full: Groups) -> Choice:
    """Add how many people a cap keeps waiting before this one."""
    if not full:
        return choice
    skipped = heads.filter(user__in=_members(full)).before(entry).count()
    return Choice(choice.index, choice.reserved_for, skipped)
