"""An administrator's "try now" believes nothing: Jira decides, and nothing can be overshot."""

from datetime import datetime

import pytest

from ium.directory.models import ConnectionState, Site, User
from slots.models import JournalEntry, LicencePool, LossReason, Slot, SlotState
from slots.sentences import sentence
from slots.services import (
    change_claim,
    change_confirm,
    change_postpone,
    slot_repair,
    slot_request,
    slot_take_back,
)
from slots.stuck import PATIENCE, stuck_slots, why_waiting
from tests import factories
from tests.factories import FakeJira, claimed, seconds, slot_of

pytestmark = pytest.mark.django_db


def repaired(slot: Slot, at: datetime) -> bool:
    """Repair a slot; return whether there was anything to try."""
    return slot_repair(slot_id=slot.pk, at=at, actor=None)


def why(slot: Slot, at: datetime) -> str:
    """Return the words for a slot, as the list says them."""
    row = Slot.objects.select_related("pool__site").get(pk=slot.pk)
    return why_waiting(row, Slot.objects.used().count(), at)


@pytest.fixture
def granting(pool: LicencePool, at: datetime) -> Slot:
    """A slot whose addition waits for its next attempt: Jira failed, and nothing is on its way."""
    user = factories.member(pool)
    slot_request(user=user, pool=pool, return_url=None, at=at)
    change_postpone(change=claimed(user, at), error="Jira said 503", unknown=False, delay=60, at=at)
    return slot_of(user)


def test_the_next_attempt_comes_at_once_and_jira_decides(
    granting: Slot, jira: FakeJira, at: datetime, wanted: list[int]
) -> None:
    later = at + seconds(31)
    assert change_claim(slot_id=granting.pk, at=later) is None
    assert why(granting, later).startswith("Jira did not carry it out (attempts: 1")

    assert repaired(granting, later)

    granting.refresh_from_db()
    assert granting.state == SlotState.GRANTING
    jira.settle(later)
    granting.refresh_from_db()
    assert granting.state == SlotState.ACTIVE


def test_the_journal_says_who_asked(granting: Slot, at: datetime) -> None:
    ada = User.objects.create_user("ada", display_name="Ada")
    slot_repair(slot_id=granting.pk, at=at, actor=ada)
    entry = JournalEntry.objects.latest("pk")
    assert (entry.event, entry.reason, entry.actor) == ("retry", "asked", ada)
    assert sentence(entry, str).startswith("Ada let the change")


def test_who_is_at_the_call_is_left_alone(granting: Slot, at: datetime) -> None:
    later = at + seconds(61)
    change = change_claim(slot_id=granting.pk, at=later)
    assert change is not None

    assert not repaired(granting, later + seconds(59))

    assert change_claim(slot_id=granting.pk, at=later + seconds(59)) is None
    assert "died while it did" in why(granting, later + seconds(59))
    assert change_confirm(change=change, at=later + seconds(59))


def test_a_lost_addition_keeps_the_slot_from_being_given_on(
    pool: LicencePool, jira: FakeJira, at: datetime
) -> None:
    Site.objects.update(connection_state=ConnectionState.OK)
    pool.slots.exclude(pk=pool.slots.order_by("pk")[0].pk).delete()
    LicencePool.objects.update(assigned_licences=1)
    first, second = factories.member(pool), factories.member(pool)
    slot_request(user=first, pool=pool, return_url=None, at=at)
    lost = claimed(first, at)
    change_postpone(change=lost, error="no answer", unknown=True, delay=5, at=at)
    slot = slot_of(first)
    slot_take_back(slot_id=slot.pk, at=at + seconds(1), actor=None)
    slot_request(user=second, pool=pool, return_url=None, at=at + seconds(1))

    for moment in range(2, 89, 7):
        now = at + seconds(moment)
        repaired(slot, now)
        jira.settle(now)
        slot.refresh_from_db()
        assert (slot.state, slot.holder) == (SlotState.REVOKING, first)
        assert "given to nobody for" in why(slot, now)
    # Now it lands.
    jira.call(lost)
    after = at + seconds(91)
    factories.trusted(after)
    repaired(slot, after)
    jira.settle(after)
    assert jira.highest_of(pool) == 1
    assert first.account_id not in jira.members_of(pool)


def test_a_lowered_limit_still_holds_additions_back(
    pool: LicencePool, granting: Slot, jira: FakeJira, at: datetime
) -> None:
    jira.holder(pool, at)
    # The administrator has just lowered it; draining has not begun.
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=1, buffer_licences=0)

    assert repaired(granting, at)

    assert change_claim(slot_id=granting.pk, at=at) is None
    assert "The limit was lowered" in why(granting, at)


@pytest.mark.parametrize("state", [SlotState.FREE, SlotState.ACTIVE])
def test_nothing_is_done_where_nothing_is_wanted(
    pool: LicencePool, jira: FakeJira, at: datetime, state: str
) -> None:
    jira.holder(pool, at)
    slot = Slot.objects.filter(state=state)[0]
    before = Slot.objects.filter(pk=slot.pk).values()[0]
    assert not repaired(slot, at)
    assert Slot.objects.filter(pk=slot.pk).values()[0] == before
    assert why(slot, at) == ""


def test_repairing_again_and_again_is_harmless(
    pool: LicencePool, jira: FakeJira, at: datetime
) -> None:
    user = jira.holder(pool, at)
    slot = slot_of(user)
    slot_take_back(slot_id=slot.pk, at=at, actor=None)
    for _ in range(3):
        repaired(slot, at)
        jira.settle(at)
    slot.refresh_from_db()
    assert slot.state == SlotState.FREE
    assert jira.highest_of(pool) == 1
    assert LossReason.ADMINISTRATOR in JournalEntry.objects.values_list("reason", flat=True)


# --- which, and why ---


def test_only_changes_that_take_long_are_stuck(granting: Slot, at: datetime) -> None:
    assert list(stuck_slots(Slot.objects.all(), at + PATIENCE - seconds(1))) == []
    assert list(stuck_slots(Slot.objects.all(), at + PATIENCE)) == [granting]


def test_a_site_that_cannot_be_used_is_the_first_reason(granting: Slot, at: datetime) -> None:
    Site.objects.update(
        connection_state=ConnectionState.REFUSED, connection_message="The key was refused."
    )
    assert why(granting, at).startswith("Jira cannot be used")
    assert why(granting, at).endswith("The key was refused.")


def test_a_change_that_nobody_takes_up_points_at_the_worker(
    pool: LicencePool, at: datetime
) -> None:
    user = factories.member(pool)
    slot_request(user=user, pool=pool, return_url=None, at=at)
    assert why(slot_of(user), at) == "Jira is about to be called."
    assert "queue “jira”" in why(slot_of(user), at + PATIENCE)
