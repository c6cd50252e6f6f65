"""The way back: not before Jira itself lets the person in, and never for ever."""

from datetime import datetime

import pytest

from ium.directory.models import User
from slots.document import slot_document
from slots.models import LicencePool
from slots.services import (
    LOOKS,
    change_confirm,
    next_look,
    opening_asked,
    opening_report,
    slot_release,
)
from tests import factories
from tests.factories import seconds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("intake")]


@pytest.fixture
def ann(pool: LicencePool, at: datetime) -> User:
    """Somebody whose membership was just confirmed, and about whom Jira is asked now."""
    user = factories.waiting(pool, at)
    assert change_confirm(change=factories.claimed(user, at), at=at, will_look=True)
    return user


def said(user: User, opens: bool | None) -> None:
    """Let Jira have answered."""
    slot = factories.slot_of(user)
    opening_report(slot_id=slot.pk, fence=slot.fence, opens=opens)


def told(user: User, pool: LicencePool, at: datetime) -> tuple[str, str, str | None]:
    """Return state, reason and way back."""
    document = slot_document(user=user, pool=pool, at=at)
    return document.state, document.reason, document.redirect_url


def test_a_yes_of_jira_opens_after_the_pools_own_delay(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    said(ann, True)

    assert told(ann, pool, at + seconds(2.9)) == ("granting", "opening", None)
    assert told(ann, pool, at + seconds(3)) == ("active", "active", pool.site.url)


def test_before_any_answer_the_page_waits_a_little_longer_than_the_delay(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    assert told(ann, pool, at + seconds(4.9))[:2] == ("granting", "opening")
    assert told(ann, pool, at + seconds(5)) == ("active", "active", pool.site.url)


def test_where_jira_cannot_be_asked_the_delay_decides(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    said(ann, None)

    assert told(ann, pool, at + seconds(3))[0] == "active"


def test_a_slow_jira_is_said_and_nobody_is_sent_into_a_closed_door(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    said(ann, False)

    assert told(ann, pool, at + seconds(9.9)) == ("granting", "opening", None)
    assert told(ann, pool, at + seconds(10)) == ("granting", "jira_slow", None)
    assert told(ann, pool, at + seconds(59.9)) == ("granting", "jira_slow", None)
    said(ann, True)
    assert told(ann, pool, at + seconds(59.9)) == ("active", "active", pool.site.url)


def test_the_wait_for_jira_is_bounded_and_its_last_no_is_forgotten(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    said(ann, False)

    assert told(ann, pool, at + seconds(60)) == ("active", "jira_slow", None)
    assert told(ann, pool, at + seconds(300)) == ("active", "active", pool.site.url)


def test_the_wanted_page_can_be_tried_by_hand_meanwhile(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    said(ann, False)

    document = slot_document(user=ann, pool=pool, at=at + seconds(20))

    assert document.wanted_url == pool.site.url


def test_a_late_no_does_not_undo_a_yes(ann: User, pool: LicencePool, at: datetime) -> None:
    said(ann, True)
    said(ann, False)

    assert told(ann, pool, at + seconds(3))[0] == "active"


def test_an_answer_about_an_earlier_stay_changes_nothing(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    old = factories.slot_of(ann)
    slot_release(user=ann, pool=pool, at=at + seconds(1))
    factories.FakeJira().settle(at + seconds(2))

    opening_report(slot_id=old.pk, fence=old.fence, opens=False)

    assert pool.slots.get(pk=old.pk).opening == ""


def test_nobody_asks_twice_about_an_open_door_or_in_a_dry_run(
    ann: User, pool: LicencePool, at: datetime
) -> None:
    slot = factories.slot_of(ann)

    def asked() -> tuple[str, str] | None:
        return opening_asked(slot_id=slot.pk, fence=slot.fence, at=at)

    assert asked() == (ann.account_id, "jira-software")
    LicencePool.objects.update(dry_run=True)
    assert asked() is None
    LicencePool.objects.update(dry_run=False)
    said(ann, True)
    assert asked() is None


def test_looks_are_few(at: datetime) -> None:
    looks, moment = 1, at + seconds(LOOKS[0])
    while (delay := next_look(confirmed_at=at, at=moment)) is not None:
        looks, moment = looks + 1, moment + seconds(delay)

    assert looks == 7
    assert moment == at + seconds(55)
