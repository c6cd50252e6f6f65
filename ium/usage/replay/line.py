"""The queue of a replay: places in order, who is there, and who is next by the product's own rules."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence

from slots.rules import rank
from slots.shares import NO_GROUPS, Groups, Share, Standing, choose

Key = tuple[int, int, int]


class Place:
    """Somebody's place in the queue. `visit` is another number each time the person comes or goes."""

    __slots__ = ("alive", "joined", "key", "misses", "person", "there", "visit")

    def __init__(self, person: int, key: Key, joined: float) -> None:
        """Take the place for somebody who is there."""
        self.person, self.key, self.joined = person, key, joined
        self.misses, self.visit = 0, 0
        self.there = self.alive = True


class Line:
    """Everybody's places, in the order of service."""

    def __init__(self, shares: Sequence[Share], groups: Sequence[Groups]) -> None:
        """Begin empty, with what each person's groups are."""
        named = frozenset(share.group_id for share in shares)
        self._groups = [mine & named for mine in groups] if shares else []
        self._ahead = {share.group_id: share.places_ahead for share in shares}
        self.standing = Standing(shares)
        self._keys: list[Key] = []
        self._places: dict[Key, Place] = {}
        self._next = 1
        self._visits = 0
        self.alive = 0

    def new_visit(self, place: Place) -> None:
        """Let nothing count any more that was said of the visit before."""
        self._visits += 1
        place.visit = self._visits

    def __len__(self) -> int:
        return len(self._keys)

    def join(self, person: int, at: float) -> Place:
        """Give somebody the next number, less the places the person's groups are ahead."""
        ahead = max((self._ahead[group] for group in self._groups_of(person)), default=0)
        place = Place(person, (rank(self._next, ahead), -self._next, person), at)
        self._next += 1
        self.new_visit(place)
        self.add(place)
        return place

    def add(self, place: Place) -> None:
        """Put a place (back) where its number belongs."""
        insort(self._keys, place.key)
        self._places[place.key] = place
        self.alive += place.alive

    def remove(self, place: Place) -> None:
        """Take a place out of the queue."""
        del self._keys[bisect_left(self._keys, place.key)]
        del self._places[place.key]
        self.alive -= place.alive

    def __contains__(self, place: Place) -> bool:
        return self._places.get(place.key) is place

    def set_alive(self, place: Place, alive: bool) -> None:
        """Note whether somebody in the queue counts as there."""
        self.alive += alive - place.alive
        place.alive = alive

    def there(self) -> int:
        """Return how many people wait with the page open, and so ask again and again."""
        return sum(place.there for place in self._places.values())

    def next(self, may: Callable[[int], bool]) -> Place | None:
        """Return whose turn it is among those who are there and may have a slot now."""
        heads = self._heads(may)
        if not self.standing.shares:
            return next(heads, None)
        able = list(heads)
        chosen = choose([self._groups_of(place.person) for place in able], self._copy(), 1)
        return able[chosen[0].index] if chosen else None

    def _heads(self, may: Callable[[int], bool]) -> Iterator[Place]:
        for key in self._keys:
            place = self._places[key]
            if place.alive and may(place.person):
                yield place

    def _groups_of(self, person: int) -> Groups:
        return self._groups[person] if self._groups else NO_GROUPS

    def _copy(self) -> Standing:
        return Standing(self.standing.shares, self.standing.used.copy())

    def anybody_below_the_caps(self) -> bool:
        """Return whether somebody waits who is there and whom no cap keeps from a slot."""
        if not self.standing.shares:
            return True
        full = self.standing.full()
        waiting = (place for place in self._places.values() if place.alive)
        return any(not self._groups_of(place.person) & full for place in waiting)

    def count(self, person: int, slots: int) -> None:
        """Note that somebody's groups have a slot more (1) or less (-1)."""
        for group in self._groups_of(person):
            self.standing.used[group] += slots
