"""After the faults: everything comes to its end, agrees with Jira, and serves everybody."""

import json
import time
from typing import Any

import requests

from tests.kill.journal import tell
from tests.kill.system import SETTLED_STATES, KillableIum
from tests.system.running import Person, wait_for

# Until nobody can be at a call any more: the longest ordered delay, and the client's patience.
QUIET_SECONDS = 5.0

# Claims and lost calls run out after 60 and 90 s: waiting for it would be most of the short form. Safe, because
# by now nobody is at a call: the faults are over, and answers came since.
CLAIMS_RUN_OUT = """
from datetime import timedelta
from django.db.models import F
from slots.models import LicencePool, Slot
by = timedelta(seconds=95)
names = ["claimed_until", "unsettled_until", "next_attempt_at"]
Slot.objects.update(**{name: F(name) - by for name in names})
LicencePool.objects.exclude(paused_until__gt="9000-01-01T00:00Z").update(paused_until=F("paused_until") - by)
"""
# After a crash of the database pools wait 90 s for calls from before it. As above: nobody is at one.
COMPARE_NOW = """
from datetime import timedelta
from slots.models import LicencePool
from slots.services import awaits_comparison, restored
from jira_sync.services import reconcile_pool
restored.SETTLE_TIME = timedelta(0)
for pool in LicencePool.objects.all():
    if awaits_comparison(pool):
        reconcile_pool(pool_id=pool.pk)
"""
RECONCILE = """
import json
from slots.models import LicencePool
from jira_sync.services import reconcile_pool
found = reconcile_pool(pool_id=LicencePool.objects.get(key="jira").pk)
print(json.dumps([found.missing, found.adopted, found.strangers]))
"""


def settle(ium: KillableIum, people: list[Person], *, wait: bool) -> float:
    """Wait until nothing is under way; return the seconds that took. `wait`: also for claims, by the clock."""
    began = time.monotonic()
    # The supervisor waits longer (up to 15 s) after every failed start, and a loaded machine starts slowly.
    wait_for(ium.is_ready, 240, f"ready again; before that {readiness(ium)}")
    if not wait:
        time.sleep(QUIET_SECONDS)
        ium.script(COMPARE_NOW + CLAIMS_RUN_OUT)
    patience = (
        240 if wait else 90
    )  # Jira's pages are waited for up to 60 s when a worker dies that asked about them
    try:
        wait_for(lambda: agrees(ium, people), patience, "IUM agrees with Jira")
    except AssertionError as error:
        error.add_note(f"IUM says {_told({p.token: p for p in people})}; members {ium.members()}")
        raise
    return round(time.monotonic() - began, 1)


def readiness(ium: KillableIum) -> str:
    """Return what /readyz says."""
    try:
        return requests.get(f"{ium.url}/readyz", timeout=5).text
    except requests.RequestException as error:
        return repr(error)


def agrees(ium: KillableIum, people: list[Person]) -> bool:
    """Whether nothing is under way and exactly the holders are members."""
    states = {person.account_id: person.state()["state"] for person in people}
    holders = {account for account, state in states.items() if state == "active"}
    return set(states.values()) <= SETTLED_STATES and holders == ium.members()


def everybody_is_served(ium: KillableIum, people: list[Person], within: float) -> float:
    """Let everybody ask, and hand back what they get; return the seconds until everybody had a slot once."""
    began = time.monotonic()
    open_: dict[str, Person] = {person.token: person for person in people}
    while open_:
        assert time.monotonic() < began + within, f"never served: {_told(open_)}"
        for token, person in list(open_.items()):
            if person.reconnect()["state"] == "active":
                person.hands_back()
                del open_[token]
        time.sleep(0.3)
    return round(time.monotonic() - began, 1)


def _told(people: dict[str, Person]) -> list[dict[str, Any]]:
    return [person.state() for person in people.values()]


def reconciled(ium: KillableIum) -> list[int]:
    """Run the reconciler once; return how many were missing, adopted and strange."""
    found: list[int] = json.loads(ium.manage("shell", "--no-imports", "-c", RECONCILE))
    return found


def check_database(ium: KillableIum) -> dict[str, int]:
    """Compare slots, journal and Jira; return what was looked at."""
    found = ium.audit()
    told, wrong = tell(found["journal"])
    assert not wrong, "\n".join(wrong[:20])
    rows = found["slots"]
    assert len(rows) == found["limit"], f"{len(rows)} rows for {found['limit']} licences"
    for row in rows:
        assert row["state"] in {"free", "active"}, f"unfinished: {row}"
        slot = told.get(row["id"])
        if slot is None:
            assert (row["state"], row["fence"]) == ("free", 0), f"unexplained: {row}"
            continue
        explained = (slot.state, slot.holder, slot.fence)
        assert (row["state"], row["holder_id"], row["fence"]) == explained, f"{row}, not {slot}"
    holders = {row["holder__account_id"] for row in rows if row["holder_id"]}
    assert holders == ium.members(), f"holders {holders}, members {ium.members()}"
    granted = sum(entry["event"] == "granted" for entry in found["journal"])
    return {"journal_entries": len(found["journal"]), "grants": granted}
