"""The plan past one machine, as a simulation: a working day of many sites, from the costs that were measured here.

Not a load test. Each site is a pool with its own limits at Atlassian, which nothing on our side can raise; our side is
web processes (calls), workers (changes) and one database. A quarter of the people open Jira on a day, most in the
morning and some after lunch; what they leave is swept every five minutes. Seeded; time moves in steps of a second.
"""

import heapq
import math
import random
from dataclasses import dataclass

from ium.bench.figures import figure

# What one step costs on the machine of docs/performance.md, in seconds of one processor.
WEB_CALL = 0.0005  # a report of activity in the fast lane
POLL = 0.004  # a look at the queue
CHANGE = 0.012  # a removal or an addition: claim, call, confirm, and what it causes
DATABASE_SHARE = 0.5  # of a change, spent in the database on top
ADDITIONS, REMOVALS = 93, 46  # per second and site: the pace that IUM keeps

REPORT_EVERY, POLL_EVERY = 30.0, 60.0
PRESENT = 0.25  # of the people, on one day
DAY = range(7 * 3600, 19 * 3600)
SWEEP = 300
SAFE = 0.6  # of a processor: beyond it, waits grow


@dataclass
class Site:
    """One pool in the course of the day: how many work, wait and are on their way at Atlassian."""

    people: int
    slots: int
    sweep_at: int = 0
    used: int = 0
    waiting: int = 0
    removing: int = 0
    adding: int = 0

    def second(self, at: int, chance: random.Random) -> tuple[int, int]:
        """Let a second pass; return (changes carried out, people working)."""
        self.waiting += _about(self.people * PRESENT * _arriving(at), chance)
        if at % SWEEP == self.sweep_at:
            self.removing += _about(self.used * _idle(at), chance)
        removed = min(REMOVALS, self.removing)
        self.removing -= removed
        self.used -= removed
        starting = min(self.waiting, self.slots - self.used - self.adding)
        self.waiting -= starting
        self.adding += starting
        added = min(ADDITIONS, self.adding)
        self.adding -= added
        self.used += added
        return removed + added, self.used


def _arriving(at: int) -> float:
    """Which part of the people opens Jira in this second: most of them around nine, and after lunch."""
    hour = at / 3600
    morning = math.exp(-((hour - 9) ** 2) / 0.5) / (3600 * 1.25)
    lunch = 0.5 * math.exp(-((hour - 13.2) ** 2) / 0.2) / (3600 * 0.8)
    return morning + lunch + 0.3 / (12 * 3600)


def _idle(at: int) -> float:
    """Which part of the holders a sweep finds inactive: more at noon and in the evening."""
    hour = at / 3600
    return 0.2 if 12 < hour < 13.5 or hour > 17 else 0.08


def _about(expected: float, chance: random.Random) -> int:
    """Return a whole number that is right on average."""
    return int(expected) + (chance.random() < expected - int(expected))


def plan_figures(_seconds: float) -> None:
    """Play one day: the largest single site, and 1,000,000 people with 100,000 slots on forty sites."""
    many = [(25_000, 2_500)] * 40
    _play("one_site", [Site(50_000, 5_000)])
    _play("forty_sites", [Site(*size) for size in many])
    _play("forty_sites_staggered", [Site(*size, n * SWEEP // 40) for n, size in enumerate(many)])
    _play("one_large_site", [Site(200_000, 20_000), *[Site(20_000, 2_000) for _ in range(40)]])


def _play(name: str, sites: list[Site]) -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable on purpose
    busiest: list[tuple[float, float, float]] = []
    longest = 0.0
    for at in DAY:
        changes = working = waiting = 0
        for site in sites:
            done, used = site.second(at, chance)
            changes, working, waiting = changes + done, working + used, waiting + site.waiting
            longest = max(longest, site.adding / ADDITIONS + site.removing / REMOVALS)
        web = working / REPORT_EVERY * WEB_CALL + waiting / POLL_EVERY * POLL
        busiest.append((web, changes * CHANGE, changes * CHANGE * DATABASE_SHARE + web * 0.3))
    web, work, database = (heapq.nlargest(60, column)[-1] for column in zip(*busiest, strict=True))
    figure(f"plan.{name}.people", sum(site.people for site in sites), "people")
    figure(f"plan.{name}.web_processes", math.ceil(web / SAFE), "processes")
    figure(f"plan.{name}.worker_processes", max(2, math.ceil(work / SAFE)), "processes")
    figure(f"plan.{name}.database", math.ceil(database / SAFE), "processors")
    figure(f"plan.{name}.longest_backlog_at_atlassian", longest, "s")
