"""From an older version to this one under load, node by node: the old code meanwhile works on the migrated database.

The older version is the newest tag, or the commit in IUM_UPGRADE_FROM; its dependencies must be those of today.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.kill.crowd import Crowd
from tests.kill.figures import as_json, as_table
from tests.kill.sampler import Sampler
from tests.kill.settling import everybody_is_served, reconciled, settle
from tests.nodes.cluster import PARTS, Cluster, prepare, running
from tests.nodes.stayers import Stayers
from tests.nodes.test_nodes import LICENCES, OPTIONS, people_of, pytestmark
from tests.system.running import ROOT, wait_for

__all__ = ["pytestmark"]
# With old code on the migrated database, and with both side by side.
SECONDS = 8.0


def older_version() -> str:
    """Return the commit to come from, or nothing."""
    described = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "HEAD^"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return os.environ.get("IUM_UPGRADE_FROM") or described.stdout.strip()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The code of the older version."""
    version = older_version()
    asked = os.environ.get("IUM_TEST_DEEP") == "1" or "IUM_UPGRADE_FROM" in os.environ
    if not asked or not version:
        pytest.skip("in the long form, from a tag or IUM_UPGRADE_FROM")
    folder = tmp_path / "old"
    folder.mkdir()
    packed = subprocess.run(["git", "archive", version], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


@pytest.fixture
def cluster(old: Path) -> Iterator[Cluster]:
    """Two nodes of the older version."""
    with ExitStack() as stack:
        started = running(stack, code=old)
        started.option(**OPTIONS)
        yield started


def upgrade(cluster: Cluster) -> None:
    """Migrate while the old code works, then change the nodes one after the other, part by part."""
    prepare(cluster, ROOT, "migrate")
    time.sleep(SECONDS)
    for node in cluster.nodes:
        node.code = ROOT
        for part in PARTS:
            # An older Beat may not end when it is told to: then it was killed.
            with suppress(subprocess.TimeoutExpired):
                node.stop(part)
            node.start(part)
        wait_for(node.answers, 60, f"{node.name} answers again")
        time.sleep(SECONDS)
    cluster.code = ROOT


def test_an_upgrade_under_load(cluster: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    staying, others = people_of(cluster)
    crowd, sampler, stayers = Crowd(cluster, others, 9), Sampler(cluster), Stayers(cluster, staying)
    measured: dict[str, Any] = {"from": older_version(), "licences": LICENCES}
    began = time.monotonic()
    with sampler.around():
        with crowd.around(), stayers.around():
            upgrade(cluster)
        measured["seconds_of_upgrade"] = round(time.monotonic() - began, 1)
        measured["seconds_until_settled"] = settle(cluster, [*staying, *others], wait=False)
        states = {person.account_id: person.state()["state"] for person in staying}
        measured["seconds_until_everybody_served"] = everybody_is_served(cluster, others, within=90)
    measured |= {
        "api_outcomes": dict(crowd.outcomes),
        "reports": dict(stayers.outcomes),
        "minutes_passed_for_holders": stayers.minutes,
        "highest_members": sampler.highest,
        "differences": reconciled(cluster)[1:],
    }
    with capsys.disabled():
        print(as_json("upgrade_test", measured), as_table(measured), sep="\n")  # noqa: T201 - figures
    assert not stayers.lost, stayers.lost[:3]
    assert set(states.values()) == {"active"}, states
    assert 0 < measured["highest_members"] <= LICENCES, "more members than licences"
    assert "500" not in crowd.outcomes
