"""What is older than it is kept goes, in portions; everything else, and the journal, stays."""

# mypy: allow-untyped-calls

from datetime import timedelta
from typing import Any

import pytest

from ium.usage.models import ActivitySpan, Gap, GapReason, Import, Refusal, Retention
from ium.usage.recording import pruning
from ium.usage.recording.pruning import usage_prune
from slots.models import JournalEntry, QueueEntry, SlotSession
from tests import factories
from tests.factories import AT, PoolFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def span(pool: Any, user: Any, days_ago: float, **fields: Any) -> ActivitySpan:
    moment = AT - days_ago * DAY
    return ActivitySpan.objects.create(
        pool=pool, user=user, started_at=moment, ended_at=moment, **fields
    )


def test_each_kind_is_kept_for_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "PORTION", 2)
    pool = PoolFactory.create()
    user = factories.member(pool)
    Retention.objects.create(pk=1, span_days=10, stay_days=20, day_days=400)
    kept = span(pool, user, 9)
    for days in (11, 12, 13, 14, 15):
        span(pool, user, days)
    for days in (300, 500):
        moment = AT - days * DAY
        Refusal.objects.create(pool=pool, day=moment.date(), reason="locked", count=1)
        Gap.objects.create(begins_at=moment, ends_at=moment, reason=GapReason.NOT_RUNNING)
    journal = JournalEntry.objects.count()
    assert usage_prune(at=AT) == 7
    assert list(ActivitySpan.objects.all()) == [kept]
    assert (Refusal.objects.count(), Gap.objects.count()) == (1, 1)
    assert JournalEntry.objects.count() == journal
    assert usage_prune(at=AT) == 0


def test_imported_activity_is_kept_from_its_import_on() -> None:
    pool = PoolFactory.create()
    user = factories.member(pool)
    for number, days in enumerate((1, 61)):
        file = Import.objects.create(
            pool=pool,
            name="a.csv",
            digest=str(number),
            time_zone="UTC",
            lines=1,
            people=1,
            spans=1,
            created_at=AT - days * DAY,
            begins_at=AT - 900 * DAY,
            ends_at=AT - 900 * DAY,
        )
        span(pool, user, 900, imported=True, source_import=file)
    usage_prune(at=AT)
    assert ActivitySpan.objects.get().source_import is not None
    assert ActivitySpan.objects.filter(source_import__digest="0").exists()


def test_stays_and_waits_go_after_the_shorter_of_both_settings() -> None:
    pool = PoolFactory.create()
    factories.stays(pool, 1, 60, AT - 40 * DAY)
    factories.stays(pool, 1, 60, AT - 20 * DAY)
    waits = QueueEntry.objects.count()
    Retention.objects.create(pk=1, stay_days=30)
    usage_prune(at=AT)
    assert SlotSession.objects.count() == 1
    assert QueueEntry.objects.count() <= waits
