"""How the groups with rules stand in a pool: whose cap is reached, to whom reserved slots are owed.

Read only for pools that have such rules; the others pay no query for them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ium.directory.models import GroupMembership, User
from slots.models import GroupRule, LicencePool, SlotState

Groups = frozenset[int]
NO_GROUPS: Groups = frozenset()


@dataclass(frozen=True)
class Share:
    """One group's rule, apart from its place in the database."""

    group_id: int
    name: str
    places_ahead: int = 0
    reserved: int = 0
    most: int | None = None


@dataclass
class Standing:
    """The rules of a pool, and how many slots each group's people have (given, being given or being taken)."""

    shares: Sequence[Share]
    used: Counter[int] = field(default_factory=Counter)

    def full(self) -> Groups:
        """Return the groups whose people get no more slots."""
        return frozenset(
            share.group_id
            for share in self.shares
            if share.most is not None and self.used[share.group_id] >= share.most
        )

    def owed(self) -> Groups:
        """Return the groups that have fewer slots than are reserved for them."""
        return frozenset(
            share.group_id for share in self.shares if self.used[share.group_id] < share.reserved
        )

    def named(self, groups: Iterable[int]) -> Share:
        """Return the first rule, in the administrator's order, of these groups."""
        wanted = set(groups)
        return next(share for share in self.shares if share.group_id in wanted)


@dataclass(frozen=True)
class Choice:
    """Who gets the next slot: an index into the queue, the group it was reserved for, how many were skipped."""

    index: int
    reserved_for: Share | None = None
    capped: int = 0


def choose(queue: Sequence[Groups], standing: Standing, number: int) -> list[Choice]:
    """Return who gets the next `number` slots; `queue` has everybody's groups, in the order of the queue.

    1. People of a group whose cap is reached are skipped. 2. While slots are owed to groups with people in the
    queue, the first of those people is next. 3. Otherwise the first of all. `standing` counts what is chosen.
    """
    left = dict(enumerate(queue))
    chosen: list[Choice] = []
    while len(chosen) < number and (choice := _next(left, standing)) is not None:
        chosen.append(choice)
        standing.used.update(left.pop(choice.index))
    return chosen


def _next(left: Mapping[int, Groups], standing: Standing) -> Choice | None:
    full, owed = standing.full(), standing.owed()
    first, capped = None, 0
    for index, groups in left.items():
        if groups & full:
            capped += first is None
        elif groups & owed:
            return Choice(index, standing.named(groups & owed), capped)
        elif first is None:
            first = index
            if not owed:
                break
    return None if first is None else Choice(first, capped=capped)


def shares_of(pool: LicencePool) -> list[Share]:
    """Return the pool's rules, in the administrator's order. One query."""
    return [_share(rule) for rule in pool.rules.select_related("group").order_by("pk")]


def _share(rule: GroupRule) -> Share:
    return Share(
        group_id=rule.group_id,
        name=str(rule.group),
        places_ahead=rule.places_ahead,
        reserved=rule.reserved_slots,
        most=rule.max_slots,
    )


def standing_of(pool: LicencePool) -> Standing:
    """Return how the pool's groups stand now. Two queries."""
    shares = shares_of(pool)
    holders = pool.slots.exclude(state=SlotState.FREE).values("holder")
    held = GroupMembership.objects.filter(group__in=_ids(shares), user__in=holders)
    return Standing(shares, Counter(held.values_list("group_id", flat=True)))


def groups_of(shares: Iterable[Share], users: Iterable[int]) -> dict[int, Groups]:
    """Return which of the groups each person is in; who is in none is left out. One query."""
    found: dict[int, set[int]] = {}
    memberships = GroupMembership.objects.filter(group__in=_ids(shares), user__in=users)
    for user_id, group_id in memberships.values_list("user_id", "group_id"):
        found.setdefault(user_id, set()).add(group_id)
    return {user_id: frozenset(groups) for user_id, groups in found.items()}


def class_of(pool: LicencePool, user_id: int) -> Share | None:
    """Return the rule that puts the person furthest ahead; None for somebody who stands where everybody does."""
    shares = shares_of(pool)
    mine = groups_of(shares, [user_id]).get(user_id, NO_GROUPS)
    ahead = [share for share in shares if share.group_id in mine and share.places_ahead]
    return max(ahead, key=lambda share: share.places_ahead, default=None)


def full_share(pool: LicencePool, user: User) -> Share | None:
    """Return the rule whose cap keeps the person from a slot now, if there is one."""
    standing = standing_of(pool)
    full = standing.full() & groups_of(standing.shares, [user.pk]).get(user.pk, NO_GROUPS)
    return standing.named(full) if full else None


def anybody_below_the_caps(pool: LicencePool, at: datetime) -> bool:
    """Return whether somebody alive waits whom no cap keeps from a slot that becomes free."""
    waiting = list(pool.entries.alive(at).values_list("user_id", flat=True))
    standing = standing_of(pool)
    mine, full = groups_of(standing.shares, waiting), standing.full()
    return any(not mine.get(user_id, NO_GROUPS) & full for user_id in waiting)


def _ids(shares: Iterable[Share]) -> list[int]:
    return [share.group_id for share in shares]
