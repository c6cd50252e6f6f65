"""IUM, the simulated Jira and the people of these tests."""

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.extension.inside import Inside
from tests.extension.site import SITE, Site
from tests.system.running import Person, RunningIum, wait_for

OPTIONS: dict[str, Any] = {
    "assigned_licences": 1,
    "reclaim_on_request": False,
    "automatic_login": False,
    "first_attempt": "on_reconnect",
    "inactivity_minutes": 60,
    "sweep_interval_minutes": 5,
    "access_delay_seconds": 0,
    "lock_minutes": 0,
    "queue_timer_seconds": 60,
    "minimum_hold_seconds": 0,
}
RESET = """
pool = LicencePool.objects.get(key="jira")
LicencePool.objects.filter(pk=pool.pk).update(**{options!r})
pool_apply_limit(pool_id=pool.pk, at=clock.now())
for entry in pool.entries.waiting():
    queue_entry_remove(entry_id=entry.pk, at=clock.now(), actor=User.objects.get(username="admin"))
for slot in Slot.objects.used():
    slot_take_back(slot_id=slot.pk, at=clock.now(), actor=None)
Slot.objects.update(unsettled_until=None, next_attempt_at=None)
"""
# Into the state just before the popup: the sweep's own marks, as `sweep_warn` sets them.
WARN = """
by = clock.now()
Slot.objects.filter(holder__account_id={account!r}, state="active").update(
    warned_at=by, revoke_at=by + timedelta(seconds={seconds}))
"""
# A holder who was away for long, and was warned: the sweep, which Beat runs every ten seconds, takes the slot.
DUE = """
now = clock.now()
LastActivity.objects.filter(user__account_id={account!r}).update(last_active_at=now - timedelta(hours=2))
Slot.objects.filter(holder__account_id={account!r}, state="active").update(
    granted_at=now - timedelta(hours=3), confirmed_at=now - timedelta(hours=3), seen_at=now - timedelta(hours=2),
    clock_from=now - timedelta(hours=3), warned_at=now - timedelta(seconds=70), revoke_at=now - timedelta(seconds=1))
result = sweep_revoke(pool_id=LicencePool.objects.get(key="jira").pk, at=now)
"""
ACTIVE_AT = """
result = LastActivity.objects.filter(user__account_id={account!r}).values_list("last_active_at", flat=True).first()
result = result and result.timestamp()
"""


@dataclass(eq=False)
class World:
    """What a test meets."""

    ium: RunningIum
    site: Site
    inside: Inside
    people: list[Person] = field(default_factory=list)

    def reset(self, **options: Any) -> None:
        """Everybody out, nothing waiting, one licence."""
        self.ium.fault(match={}, kind="none")
        self.inside.run(RESET.format(options=OPTIONS | options))
        wait_for(self.ium.all_free, 20, "all slots free")
        # Nobody remembers a test: what ended last decides whether attempts start by themselves.
        self.inside.run("SlotSession.objects.all().delete(); QueueEntry.objects.all().delete()")

    def option(self, **options: Any) -> None:
        """Set options of the pool."""
        self.inside.run(
            f"pool = LicencePool.objects.get(key='jira')\n"
            f"LicencePool.objects.filter(pk=pool.pk).update(**{options!r})\n"
            f"pool_apply_limit(pool_id=pool.pk, at=clock.now())"
        )

    def warn(self, person: Person, seconds: float) -> None:
        """Warn the holder: the slot is lost in so many seconds."""

        def is_warned() -> bool:
            # Activity that was on its way takes a warning back: then once more.
            self.inside.run(WARN.format(account=person.account_id, seconds=seconds))
            return person.state()["revoke_at"] is not None

        wait_for(is_warned, 5, "the web server knows of the warning")

    def lose(self, person: Person) -> None:
        """Let the sweep take the slot of somebody who was inactive, and wait until Jira confirmed it."""

        def is_gone() -> bool:
            self.inside.run(DUE.format(account=person.account_id))
            return bool(person.state()["state"] == "none")

        wait_for(is_gone, 25, "the sweep takes the slot")

    def active_at(self, person: Person) -> float:
        """When IUM knows the person to have been active last; 0 for never."""
        return float(self.inside.run(ACTIVE_AT.format(account=person.account_id)) or 0)

    def has_slot(self, person: Person) -> Person:
        """Give the person a slot, in Jira too."""
        person.call("POST", "slot", return_url=f"{SITE}/browse/DEMO-1")
        wait_for(lambda: person.state()["state"] == "active", 20, "a slot")
        return person

    def status_of(self, token: str) -> int:
        """What the API answers to somebody with this token."""
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.ium.url}/api/v1/slot", headers=headers, timeout=10).status_code
