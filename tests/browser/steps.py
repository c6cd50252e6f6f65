"""Steps that several walks share."""

from typing import Any

from playwright.sync_api import Page, expect

from ium.directory.models import User
from ium.lib import clock
from slots import services
from slots.models import LicencePool, Slot
from tests import factories
from tests.browser.conftest import settle


def heading(page: Page, text: str) -> None:
    """Wait for this state."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def titled(page: Page, text: str) -> None:
    """Wait for this title, followed by the name of the product."""
    expect(page).to_have_title(f"{text} \N{EN DASH} IUM")


def held(person: User, pool: LicencePool, **fields: Any) -> None:
    """Give the person an active slot."""
    now = clock.now()
    services.slot_request(user=person, pool=pool, return_url=None, at=now)
    settle()
    Slot.objects.filter(holder=person).update(**fields)


def warned(person: User, pool: LicencePool, seconds: float = 45) -> None:
    """Give the person a slot that is about to be lost."""
    now = clock.now()
    held(person, pool, warned_at=now, revoke_at=now + factories.seconds(seconds))


def free_the_slot(holder: User, pool: LicencePool) -> None:
    """Let the holder go, and Jira carry out everything that follows."""
    services.slot_release(user=holder, pool=pool, at=clock.now())
    settle()
