"""A real web process that collects reports: what it took in is written when it is stopped."""

import json
import time

import pytest
import requests

from ium.bench.system import Served, prepared, served

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]
PEOPLE = 5
ROWS = (
    "import json; from activity.models import LastActivity, Receiver;"
    "print(json.dumps([LastActivity.objects.count(), Receiver.objects.count()]))"
)


def rows(system: Served) -> tuple[int, int]:
    """Return how many people's activity is written, and how many web processes are known."""
    output = system.manage("shell", "--verbosity", "0", "--command", ROWS)
    activities, receivers = json.loads(output.splitlines()[-1])
    return activities, receivers


def test_a_web_process_that_is_stopped_writes_what_it_collected_and_says_goodbye() -> None:
    with served("sqlite") as system:
        tokens = prepared(system, users=PEOPLE, licences=PEOPLE, holders=PEOPLE)
        deadline = time.monotonic() + 10
        while rows(system) != (0, 1):
            assert time.monotonic() < deadline, "the process never said that it collects"
        for token in tokens:
            answer = requests.post(
                f"{system.url}/api/v1/activity",
                json={"idle_seconds": 0},
                headers={"Authorization": f"Bearer {token}"},
                timeout=10,
            )
            assert answer.json()["state"] == "active"
        system.process.terminate()
        system.process.wait(10)
        assert rows(system) == (PEOPLE, 0)
