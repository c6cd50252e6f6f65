"""Losing a slot to inactivity: in two beats, and never without a warning (promise 4)."""

from datetime import datetime, timedelta

import pytest

from slots.models import JournalEntry, LicencePool, LossReason, SlotLock, SlotState
from slots.services import slot_activity, slot_request, sweep_revoke, sweep_warn
from slots.services.losses import next_sweep
from tests.factories import (
    FakeJira,
    active,
    confirmed,
    entry_of,
    events_of,
    holder,
    minutes,
    seconds,
    slot_of,
    trusted,
)
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db
# A holder who is never active since 09:00 is swept at 10:00 and warned at 09:59.
WARNING, SWEEP = minutes(59), minutes(60)


def warn(pool: LicencePool, at: datetime) -> int:
    """Run the warning job at a moment up to which activity could be received."""
    trusted(at)
    return sweep_warn(pool_id=pool.pk, at=at)


def sweep(pool: LicencePool, at: datetime) -> int:
    """Run the sweep at a moment up to which activity could be received."""
    trusted(at)
    return sweep_revoke(pool_id=pool.pk, at=at)


def test_an_inactive_holder_is_warned_a_minute_before_the_sweep_takes_the_slot(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    assert warn(pool, at + WARNING) == 1
    slot = slot_of(ann)
    assert (slot.warned_at, slot.revoke_at) == (at + WARNING, at + SWEEP)
    assert sweep(pool, at + SWEEP - seconds(1)) == 0
    assert sweep(pool, at + SWEEP) == 1
    slot = slot_of(ann)
    assert (slot.state, slot.loss_reason, slot.warned_at) == (
        SlotState.REVOKING,
        LossReason.SWEEP,
        None,
    )
    assert events_of(ann)[-2:] == ["warned", "revoking"]


def test_nobody_is_swept_without_a_warning(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    assert sweep(pool, at + minutes(600)) == 0
    assert slot_of(ann).state == SlotState.ACTIVE


def test_a_late_warning_moves_the_removal_and_does_not_shorten_the_minute(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    assert warn(pool, at + WARNING + seconds(1)) == 0
    assert warn(pool, at + WARNING + minutes(5)) == 1
    assert slot_of(ann).revoke_at == at + SWEEP + minutes(5)


def test_a_warning_less_than_a_minute_old_protects_whatever_the_row_says(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    slot = slot_of(ann)
    slot.warned_at = at + SWEEP - seconds(59)
    slot.save(update_fields=["warned_at"])
    assert sweep(pool, at + SWEEP) == 0
    assert sweep(pool, at + SWEEP + seconds(1)) == 1


def test_the_warning_job_may_be_half_a_minute_early(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    assert warn(pool, at + WARNING - seconds(31)) == 0
    assert warn(pool, at + WARNING - seconds(30)) == 1
    assert slot_of(ann).revoke_at == at + SWEEP


def test_nobody_is_warned_twice_for_one_removal(pool: LicencePool, at: datetime) -> None:
    holder(pool, at)
    assert [warn(pool, at + WARNING - seconds(10)), warn(pool, at + WARNING)] == [1, 0]


def test_a_longer_warning_is_kept_to(at: datetime) -> None:
    pool = make_pool(warning_seconds=300, sweep_interval_minutes=10)
    ann = holder(pool, at)
    assert warn(pool, at + minutes(55)) == 1
    assert slot_of(ann).revoke_at == at + minutes(60)


def test_somebody_over_the_time_only_at_the_next_sweep_is_not_warned(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    active(ann, pool, at + seconds(1))
    assert warn(pool, at + WARNING) == 0
    assert warn(pool, at + WARNING + minutes(5)) == 1


def test_activity_for_another_product_does_not_keep_the_slot(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    pool.product = "confluence"
    active(ann, pool, at + minutes(50))
    assert warn(pool, at + WARNING) == 1


def test_activity_after_the_warning_keeps_the_slot(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    slot_activity(
        user=ann, pool=pool, idle=timedelta(0), source="extension", at=at + SWEEP - seconds(1)
    )
    assert slot_of(ann).warned_at is None
    assert sweep(pool, at + SWEEP) == 0
    assert events_of(ann)[-2:] == ["warned", "kept"]


def test_activity_a_webhook_noted_keeps_the_slot_at_the_sweep(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    active(ann, pool, at + WARNING + seconds(1))
    assert sweep(pool, at + SWEEP) == 0
    slot = slot_of(ann)
    assert (slot.state, slot.warned_at, slot.revoke_at) == (SlotState.ACTIVE, None, None)
    assert events_of(ann)[-1] == "kept"


def test_a_late_report_of_activity_before_the_warning_keeps_the_slot(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    slot_activity(
        user=ann, pool=pool, idle=minutes(20), source="extension", at=at + WARNING + seconds(10)
    )
    assert slot_of(ann).warned_at is None
    assert sweep(pool, at + SWEEP) == 0


def test_a_late_report_of_activity_that_is_too_old_does_not_keep_the_slot(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    slot_activity(
        user=ann, pool=pool, idle=minutes(61), source="extension", at=at + WARNING + seconds(10)
    )
    assert slot_of(ann).warned_at is not None
    assert sweep(pool, at + SWEEP) == 1


def test_asking_for_a_slot_is_no_activity(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    slot_request(user=ann, pool=pool, return_url=None, at=at + WARNING + seconds(5))
    assert sweep(pool, at + SWEEP) == 1


def test_a_kept_slot_is_warned_again_when_its_holder_stays_inactive(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    slot_activity(
        user=ann, pool=pool, idle=timedelta(0), source="extension", at=at + WARNING + seconds(9)
    )
    assert warn(pool, at + minutes(114)) == 0
    assert warn(pool, at + minutes(119)) == 1


def test_a_fresh_slot_is_safe_for_the_minimum_hold(at: datetime) -> None:
    pool = make_pool(inactivity_minutes=5, sweep_interval_minutes=1, minimum_hold_seconds=600)
    holder(pool, at)
    assert warn(pool, at + minutes(8)) == 0
    assert warn(pool, at + minutes(9)) == 1


def test_an_administrator_of_jira_is_never_swept(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    ann.is_protected = True
    ann.save()
    assert warn(pool, at + WARNING) == 0


def test_somebody_who_became_an_administrator_of_jira_after_the_warning_is_not_swept(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    ann.is_protected = True
    ann.save()
    assert sweep(pool, at + SWEEP) == 0


def test_sweeps_lie_on_the_grid_of_the_interval(at: datetime) -> None:
    pool = make_pool(sweep_interval_minutes=15)
    assert next_sweep(pool, at) == at + minutes(15)
    assert next_sweep(pool, at + minutes(14)) == at + minutes(15)
    assert next_sweep(pool, at + minutes(14) + seconds(0.5)) == at + minutes(30)


@pytest.mark.parametrize("interval", [1, 5, 7, 60, 1440])
def test_every_sweep_leaves_the_time_for_a_warning(interval: int, at: datetime) -> None:
    pool = make_pool(sweep_interval_minutes=interval)
    for start in (0, 1, 59, 61, 3599.5, 86399):
        moment = at + seconds(start)
        swept_at = next_sweep(pool, moment)
        assert seconds(60) <= swept_at - moment < seconds(60) + minutes(interval)
        assert swept_at.timestamp() % (interval * 60) == 0


def test_the_swept_are_locked_out_for_the_lock_time(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(lock_minutes=10)
    ann = jira.holder(pool, at)
    warn(pool, at + WARNING)
    sweep(pool, at + SWEEP)
    jira.settle(at + SWEEP)
    assert SlotLock.objects.get(user=ann).until == at + SWEEP + minutes(10)


def test_who_joined_before_the_lock_began_is_served_only_after_it(
    at: datetime, jira: FakeJira
) -> None:
    pool = make_pool(lock_minutes=1)
    ann = jira.holder(pool, at)
    warn(pool, at + WARNING)
    sweep(pool, at + SWEEP)
    slot_request(user=ann, pool=pool, return_url=None, at=at + SWEEP)  # Jira has not confirmed yet
    jira.settle(at + SWEEP)
    assert entry_of(ann).closed_at is None
    later = at + SWEEP + minutes(1)
    slot_request(user=ann, pool=pool, return_url=None, at=later)
    jira.settle(later)
    assert slot_of(ann).state == SlotState.ACTIVE


def test_without_a_lock_time_the_swept_can_come_back_at_once(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    sweep(pool, at + SWEEP)
    confirmed(ann, at + SWEEP)
    slot_request(user=ann, pool=pool, return_url=None, at=at + SWEEP)
    assert slot_of(ann).state == SlotState.GRANTING


def test_the_journal_names_the_warning_of_a_removal(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    warn(pool, at + WARNING)
    sweep(pool, at + SWEEP)
    entry = JournalEntry.objects.get(user=ann, event="revoking")
    assert entry.details["warned_at"] == (at + WARNING).isoformat()
    assert (entry.reason, entry.actor) == ("sweep", None)
