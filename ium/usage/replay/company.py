"""A simulated company: people in several time zones, with holidays, vacations, lunch, meetings, sittings in Jira.

What people would do if there were a licence for everybody, to the second. Nothing is stationary. Only the standard
library; the same seed gives the same company.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import ceil, exp
from zoneinfo import ZoneInfo

from ium.usage.demand import Demand, Span, Want

MINUTE, HOUR = 60.0, 3600.0
# How busy Monday to Friday are.
WEEKDAYS = (1.1, 1.05, 1.0, 0.95, 0.8)
MEETING_STARTS = (9.0, 9.5, 10.0, 10.5, 11.0, 13.5, 14.0, 14.5, 15.0, 15.5)
# What reports are recorded as: to the minute, shorter pauses than this joined (seconds).
RECORDED_PAUSE = 120.0


@dataclass(frozen=True)
class Office:
    """Where some of the people work, and when nobody does."""

    zone: str
    share: float
    holidays: frozenset[date] = frozenset()


OFFICES = (
    Office("Europe/Berlin", 0.55, frozenset({date(2026, 3, 6)})),
    Office("Asia/Kolkata", 0.25, frozenset({date(2026, 3, 3), date(2026, 3, 4)})),
    Office("America/New_York", 0.20, frozenset({date(2026, 3, 20)})),
)


@dataclass(frozen=True)
class Company:
    """How large the company is and how its people work (seconds). The United States change their clocks in week one."""

    people: int = 5000
    weeks: int = 4
    seed: int = 8
    begins: date = date(2026, 3, 2)
    offices: tuple[Office, ...] = OFFICES
    sitting: float = 25 * MINUTE
    burst: float = 5 * MINUTE
    pause: float = 2 * MINUTE
    # Between two sittings: of somebody who lives in Jira, of most, of those who look in.
    between: tuple[float, ...] = (25 * MINUTE, 70 * MINUTE, 240 * MINUTE)
    at_work: float = 0.88
    groups: tuple[int, ...] = ()


@dataclass
class _Day:
    begins: float
    ends: float
    away: list[Span] = field(default_factory=list)


def company_demand(company: Company) -> list[Demand]:
    """Return what everybody wants; people without a wish are left out."""
    draw = random.Random(company.seed)  # noqa: S311 - a simulation
    return [found for number in range(company.people) if (found := _person(company, number, draw))]


def _person(company: Company, number: int, draw: random.Random) -> Demand | None:
    weights = [office.share for office in company.offices]
    office = draw.choices(company.offices, weights)[0]
    between = draw.choices(company.between, (0.2, 0.5, 0.3))[0]
    vacation = draw.randrange(company.weeks * 8)  # a week off for one person in eight each week
    wants: list[Want] = []
    for number_of_day in range(company.weeks * 7):
        day = company.begins + timedelta(days=number_of_day)
        if (
            day.weekday() >= len(WEEKDAYS)
            or day in office.holidays
            or number_of_day // 7 == vacation
        ):
            continue
        if draw.random() < company.at_work * min(1.0, WEEKDAYS[day.weekday()]):
            wants += _sittings(company, _day(day, office, draw), between, draw)
    group = frozenset({draw.choice(company.groups)}) if company.groups else frozenset()
    return Demand(number, group, tuple(wants)) if wants else None


def _day(day: date, office: Office, draw: random.Random) -> _Day:
    midnight = datetime.combine(day, time(), tzinfo=ZoneInfo(office.zone)).timestamp()
    begins = midnight + HOUR * draw.triangular(7.5, 10, 8.8)
    work = _Day(begins, begins + HOUR * draw.triangular(6.5, 10, 8.5))
    lunch = midnight + HOUR * draw.triangular(11.5, 13.5, 12.1)
    away = [(lunch, lunch + MINUTE * draw.uniform(25, 60))]
    for start in MEETING_STARTS:
        if draw.random() < 0.15:
            begin = midnight + start * HOUR
            away.append((begin, begin + draw.choice((30, 30, 60)) * MINUTE))
    work.away = sorted(away)
    return work


def _sittings(company: Company, day: _Day, between: float, draw: random.Random) -> Iterator[Want]:
    at = day.begins + draw.uniform(0, 15 * MINUTE)
    while at < day.ends:
        if span := next((span for span in day.away if span[0] <= at < span[1]), None):
            at = span[1] + draw.uniform(0, 5 * MINUTE)
            continue
        stop = min([day.ends, *(begin for begin, _ in day.away if begin > at)])
        length = draw.lognormvariate(0, 1) * company.sitting / exp(0.5)
        spans = tuple(_bursts(company, at, min(stop, at + length), draw))
        begun, at = at, spans[-1][1] + draw.expovariate(1 / between)
        # Who has to wait goes on until the next lunch or meeting, or until something else is to be done.
        yield Want(begun, max(spans[-1][1], min(stop, at)), spans)


def _bursts(company: Company, at: float, until: float, draw: random.Random) -> Iterator[Span]:
    begin = at
    while True:
        end = min(until, begin + 5 + draw.expovariate(1 / company.burst))
        end = max(end, begin + 1)
        yield begin, end
        begin = end + draw.lognormvariate(0, 1) * company.pause
        if begin >= until:
            return


def recorded(demands: list[Demand]) -> list[Demand]:
    """Return the demand as the recorder keeps it: looked at every minute, short pauses joined, no plans."""
    return [Demand(demand.person, demand.groups, tuple(_seen(demand))) for demand in demands]


def _seen(demand: Demand) -> Iterator[Want]:
    last: Want | None = None
    for want in demand.wants:
        seen = _to_the_minute(want, last.end if last is not None else float("-inf"))
        waited = not want.spans or seen.spans[0][0] > seen.start
        if (
            last is not None
            and not waited
            and last.spans
            and seen.start - last.end <= RECORDED_PAUSE
        ):
            last = Want(last.start, seen.end, last.spans + seen.spans)
            continue
        if last is not None:
            yield last
        last = seen
    if last is not None:
        yield last


def _to_the_minute(want: Want, not_before: float) -> Want:
    spans: list[Span] = []
    for span in want.spans:
        # The recorder looks once a minute at the last activity: beginnings are late, ends are exact.
        begin = max(not_before, min(span[1], ceil(span[0] / MINUTE) * MINUTE))
        end = max(begin, span[1])
        if spans and begin - spans[-1][1] <= RECORDED_PAUSE:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((begin, end))
    start = max(not_before, want.start)
    if not spans:
        return Want(start, max(start, want.end), ())
    if spans[0][0] - start <= MINUTE:  # at once: no wait
        start = spans[0][0]
    return Want(start, spans[-1][1], tuple(spans))
