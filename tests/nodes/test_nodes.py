"""Two nodes that are cut off, killed and restarted under load: never too many, and nobody loses a slot by it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.kill.crowd import Crowd
from tests.kill.figures import as_json, as_table
from tests.kill.sampler import Sampler
from tests.kill.settling import check_database, everybody_is_served, reconciled, settle
from tests.nodes.cluster import PARTS, Cluster, Node, running
from tests.nodes.stayers import Stayers
from tests.system.running import Person, wait_for

pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("system"),
    pytest.mark.skipif(
        not os.environ.get("DATABASE_URL", "").startswith("postgres"),
        reason="several nodes need PostgreSQL",
    ),
]

DEEP = os.environ.get("IUM_TEST_DEEP") == "1"
ROUNDS = int(os.environ.get("IUM_NODES_ROUNDS", "12")) if DEEP else 1
# Of a cut. The long form also cuts for longer than a web process may be silent (20 s).
SECONDS = 3.0
LONG = 30.0
INACTIVITY = 5
LICENCES, STAYING, PEOPLE = 6, 3, 12
# Seconds after which a Beat that fell silent is replaced (ium/beat.py), and what a loaded machine adds.
TAKE_OVER = 25.0
SLACK = 15.0
OPTIONS: dict[str, Any] = {
    "assigned_licences": LICENCES,
    "inactivity_minutes": INACTIVITY,
    "sweep_interval_minutes": 1,
    "minimum_hold_seconds": 0,
    "claim_seconds": 90,
    "access_delay_seconds": 0,
    "lock_minutes": 0,
    # Whoever seems inactive loses the slot at once, without a warning: nothing hides a lost report.
    "reclaim_on_request": True,
    "automatic_login": True,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes on one PostgreSQL, one Valkey and one Jira."""
    with ExitStack() as stack:
        started = running(stack)
        started.option(**OPTIONS)
        yield started


def cut(cluster: Cluster, node: Node, what: str, *, silently: bool, seconds: float) -> None:
    """Cut a node off from something for a while."""
    cluster.cables.cut(node.cables[what], silently=silently)
    time.sleep(seconds)
    cluster.cables.mend(node.cables[what])


def power_cut(node: Node) -> None:
    """Kill a whole node and start it again."""
    node.kill()
    time.sleep(1)
    node.start()
    wait_for(node.answers, 60, f"{node.name} answers again")


def rolling_restart(cluster: Cluster) -> None:
    """Restart every part of every node, one after the other, as an upgrade does."""
    for node in cluster.nodes:
        for part in PARTS:
            node.stop(part)
            node.start(part)
        wait_for(node.answers, 60, f"{node.name} answers again")


def stand_in_takes_over(cluster: Cluster) -> Iterator[float]:
    """Cut the planning Beat off from the broker; then, when asked again, say how long until the other one planned."""
    node = cluster.planner()
    others = [other for other in cluster.nodes if other is not node]
    cluster.cables.cut(node.cables["broker"], silently=True)
    began = time.monotonic()
    yield 0.0
    wait_for(
        lambda: any(other.plans() for other in others), TAKE_OVER + SLACK, "the stand-in plans"
    )
    took = time.monotonic() - began
    cluster.cables.mend(node.cables["broker"])
    yield round(took, 1)


def torment(cluster: Cluster, measured: dict[str, Any]) -> None:
    """Do everything once to each node that it concerns."""
    taking_over = stand_in_takes_over(cluster)
    next(taking_over)
    for node, what, silently in (
        (cluster.nodes[0], "database", True),
        (cluster.nodes[1], "jira", True),
        (cluster.nodes[1], "database", False),
    ):
        cut(cluster, node, what, silently=silently, seconds=SECONDS)
        if DEEP:
            cut(cluster, node, what, silently=not silently, seconds=LONG)
    measured["seconds_until_stand_in"] = next(taking_over)
    cut(cluster, cluster.nodes[1], "broker", silently=False, seconds=SECONDS)
    power_cut(cluster.nodes[0])
    rolling_restart(cluster)


ANOTHER_LIFE = """
from slots.models import LicencePool
LicencePool.objects.update(paused_until=None, paused_message="", database_life="")
"""
OPENED = """
from slots.models import LicencePool
pool = LicencePool.objects.get(key="jira")
print(bool(pool.database_life), pool.paused_until is None)
"""


def opened(cluster: Cluster) -> bool:
    """Whether the pool gives slots and remembers its database."""
    return cluster.manage("shell", "--no-imports", "-c", OPENED).split() == ["True", "True"]


def answered(person: Person) -> dict[str, Any]:
    """Ask for a slot; nothing while no node answers."""
    try:
        return person.reconnect()
    except (AssertionError, requests.RequestException):
        return {}


def people_of(cluster: Cluster) -> tuple[list[Person], list[Person]]:
    """Return those who stay (each has a slot) and those who come and go."""
    people = cluster.people(PEOPLE)
    staying, others = people[:STAYING], people[STAYING:]
    for person in staying:
        person.until("active", 30)
    return staying, others


def test_nodes_are_cut_off_killed_and_restarted(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    staying, others = people_of(cluster)
    crowd, sampler, stayers = Crowd(cluster, others, 9), Sampler(cluster), Stayers(cluster, staying)
    measured: dict[str, Any] = {"nodes": len(cluster.nodes), "licences": LICENCES}
    began = time.monotonic()
    with sampler.around():
        with crowd.around(), stayers.around():
            for _ in range(ROUNDS):
                torment(cluster, measured)
            # On a slow machine fewer reports got through, and less time passed.
            wait_for(
                lambda: stayers.minutes >= INACTIVITY, 90, "time enough to notice lost reports"
            )
        measured["seconds_of_chaos"] = round(time.monotonic() - began, 1)
        measured["seconds_until_settled"] = settle(cluster, [*staying, *others], wait=DEEP)
        states = {person.account_id: person.state() for person in staying}
        measured["seconds_until_everybody_served"] = everybody_is_served(cluster, others, within=90)
        settle(cluster, [*staying, *others], wait=DEEP)
    measured |= {
        "api_outcomes": dict(crowd.outcomes),
        "reports": dict(stayers.outcomes),
        "minutes_passed_for_holders": stayers.minutes,
        "restarted_by_themselves": {node.name: dict(node.restarts) for node in cluster.nodes},
        "highest_members": sampler.highest,
        "differences": reconciled(cluster),
    }
    measured |= check_database(cluster)
    with capsys.disabled():
        print(as_json("nodes_test", measured), as_table(measured), sep="\n")  # noqa: T201 - figures
    assert not stayers.lost, stayers.lost[:3]
    assert {state["state"] for state in states.values()} == {"active"}, states
    assert measured["minutes_passed_for_holders"] >= 5, (
        "too little time passed to notice lost reports"
    )
    assert 0 < measured["highest_members"] <= LICENCES, "more members than licences"
    assert measured["seconds_until_stand_in"] <= TAKE_OVER + SLACK
    assert measured["differences"] == [0, 0, 0], "the reconciler still found differences"


def test_a_database_that_lost_its_last_second(cluster: Cluster, tmp_path: Path) -> None:
    """A stand-by takes over that does not know of the last grant: that slot must not be given to somebody else."""
    assert cluster.postgres is not None
    people = cluster.people(PEOPLE)
    first, second = people[:2]
    for person in people:
        person.hands_back()
    wait_for(lambda: not cluster.members(), 30, "everybody is out")
    cluster.option(**OPTIONS | {"assigned_licences": 1})
    wait_for(lambda: opened(cluster), 30, "the pool remembers its database")
    cluster.postgres.copy_to(tmp_path / "older")
    # The copy needs a restart, which a stand-by does not; IUM would first compare with Jira after it.
    cluster.script(ANOTHER_LIFE)
    wait_for(lambda: answered(first).get("state") == "active", 60, "the first one is in")
    cluster.postgres.return_to(tmp_path / "older")
    wait_for(lambda: answered(second).get("state") == "queued", 60, "the second one waits")
    until = time.monotonic() + 12
    while time.monotonic() < until:
        assert answered(second).get("state") in {"queued", None}
        assert cluster.members() == {first.account_id}, "given twice"
        time.sleep(0.5)
    assert "started again" in answered(second)["message"]
