"""The estimate of the wait, replayed over simulated working weeks, beside two simple estimators.

Production's own arithmetic (`slots.eta`) runs on what a real IUM would have recorded there. For everybody who waits an
estimate is made at joining and every two minutes; it is judged once the person is served, if at least two minutes were
left then. "Inside": the true wait lay in the range as people see it.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile

from ium.bench.eta_week import HOUR, MINUTE, WEEK, Company, Office, Person
from ium.bench.figures import figure
from slots.eta import RECENT_STAYS, Outlook, Pace, Stays, Timetable, Wait, pace_of, shown

COMPANIES = {
    "5_slots": Company(slots=5, people=11),
    "20_slots": Company(slots=20, people=45),
    "20_slots_crowded": Company(slots=20, people=60),
    "20_slots_15_min": Company(slots=20, people=55, inactivity=15 * MINUTE),
    "20_slots_reclaim": Company(slots=20, people=55, inactivity=15 * MINUTE, reclaim=True),
    "100_slots": Company(slots=100, people=220),
}
WEEKS, SEED = 3, 20
# No divisor of the sweeps' interval, so that looks and sweeps do not fall together.
EVERY, JUDGED_FROM = 127.0, 2 * MINUTE
RIVAL_STAYS = 50
# What an estimator says to everybody in the queue, in order; None: not known.
Estimator = Callable[[Office], "Iterable[Wait | None]"]


@dataclass(frozen=True)
class Judged:
    """One estimate, with what came of it."""

    wait: Wait
    true: float
    joining: bool

    @property
    def error(self) -> float:
        """Return the error relative to the true wait."""
        return abs(self.wait.point - self.true) / self.true

    @property
    def is_inside(self) -> bool:
        """Return whether the true wait lay in the range that was shown."""
        low, high = shown(self.wait)
        return low <= self.true <= high


@dataclass
class Judgement:
    """All judged estimates of one estimator, and how often it knew nothing."""

    judged: list[Judged] = field(default_factory=list)
    unknown: int = 0

    @property
    def median_error(self) -> float:
        """Return the median relative error."""
        return statistics.median(one.error for one in self.judged)

    @property
    def inside(self) -> float:
        """Return the share of true waits inside the range shown."""
        return statistics.fmean(one.is_inside for one in self.judged)


def eta_figures(_seconds: float) -> None:
    """Measure the estimate's error for 5, 20 and 100 slots, as a share of the error of simpler estimators too."""
    for name, company in COMPANIES.items():
        ours, *rivals = replayed(company, [ours_says, *RIVALS.values()])
        joining = [one.error for one in ours.judged if one.joining]
        figure(f"eta.{name}.estimates", len(ours.judged), "estimates")
        figure(f"eta.{name}.median_error", ours.median_error, "ratio")
        figure(f"eta.{name}.median_error_at_joining", statistics.median(joining), "ratio")
        figure(f"eta.{name}.inside", ours.inside, "ratio")
        total = ours.unknown + len(ours.judged)
        figure(f"eta.{name}.unknown", ours.unknown / total, "ratio")
        for rival, judgement in zip(RIVALS, rivals, strict=True):
            share = ours.median_error / judgement.median_error
            figure(f"eta.{name}.error_of_{rival}", share, "ratio")


def replayed(
    company: Company, estimators: list[Estimator], *, weeks: int = WEEKS, seed: int = SEED
) -> list[Judgement]:
    """Let the weeks pass, the first one only to learn from; return a judgement for each estimator."""
    office = Office(company, seed)
    said: dict[int, list[tuple[float, int, Wait | None]]] = defaultdict(list)
    judgements = [Judgement() for _ in estimators]

    def ended(person: Person, served: bool) -> None:
        for at, number, wait in said.pop(id(person), []):
            if not served or office.now - at < JUDGED_FROM:
                continue
            if wait is None:
                judgements[number].unknown += 1
                continue
            joining = person.joined_at is not None and at - person.joined_at < EVERY
            judgements[number].judged.append(Judged(wait, office.now - at, joining))

    office.ended = ended
    for now in office.run(weeks, EVERY):
        if now < WEEK or not office.queue:
            continue
        for number, estimator in enumerate(estimators):
            for person, wait in zip(office.queue.values(), estimator(office), strict=True):
                said[id(person)].append((now, number, wait))
    return judgements


def ours_says(office: Office) -> Iterator[Wait | None]:
    """Ask production's estimator."""
    outlook = _outlook(office)
    timetable = Timetable(outlook) if outlook is not None else None
    for ahead in range(len(office.queue)):
        yield timetable.wait(ahead) if timetable is not None else None


def _outlook(office: Office) -> Outlook | None:
    company, holders = office.company, list(office.holders.values())
    pace = _pace(office)
    if pace is None:
        return None
    return Outlook(
        at=office.now,
        slots=company.slots,
        pace=pace,
        inactive_since=tuple(office.now - holder.idle(office.now) for holder in holders),
        inactivity=company.inactivity,
        sweep_every=None if company.reclaim else company.sweep_every,
        coming=company.slots - office.free - len(holders),
    )


def _pace(office: Office) -> Pace | None:
    recent = list(islice(reversed(office.stays), RECENT_STAYS))
    stays = Stays(
        number=len(recent),
        lost=sum(not stay.back for stay in recent),
        seconds=sum(stay.ended - stay.began for stay in recent),
    )
    ages = [
        office.now - holder.granted_at
        for holder in office.holders.values()
        if holder.granted_at is not None
    ]
    return pace_of(stays, ages, giving_up=_giving_up(office))


def _giving_up(office: Office) -> float:
    ended = list(takewhile(lambda wait: wait.ended > office.now - HOUR, reversed(office.waits)))
    waited = sum(wait.ended - wait.began for wait in ended) + sum(
        office.now - person.joined_at
        for person in office.queue.values()
        if person.joined_at is not None
    )
    left = sum(not wait.served for wait in ended)
    return left / waited if waited else 0.0


def place_says(office: Office) -> Iterator[Wait | None]:
    """Say place * mean of the last 50 stays / slots."""
    recent = [stay.ended - stay.began for stay in islice(reversed(office.stays), RIVAL_STAYS)]
    each = statistics.fmean(recent) / office.company.slots
    for ahead in range(len(office.queue)):
        yield _point((ahead + 1) * each)


def last_says(office: Office) -> Iterator[Wait | None]:
    """Say how long the person waited who got a slot last, less what one has waited already."""
    last = next((wait for wait in reversed(office.waits) if wait.served), None)
    for person in office.queue.values():
        waited = office.now - person.joined_at if person.joined_at is not None else 0.0
        whole = last.ended - last.began if last is not None else 0.0
        yield _point(max(0.0, whole - waited))


def _point(seconds: float) -> Wait:
    """Return a simple estimator's number with the usual range around it."""
    return Wait(max(0.0, 0.6 * seconds - 120), seconds, 1.5 * seconds + 120)


RIVALS: dict[str, Estimator] = {"place_by_hold": place_says, "last_admitted": last_says}
