"""The journal is append-only, and every change is in it (promise 8)."""

from datetime import datetime

import pytest
from django.db import DatabaseError, transaction

from slots.models import JournalEntry, LicencePool, SlotState
from slots.services.journal import journal_write
from tests.factories import holder

pytestmark = pytest.mark.django_db


def test_the_database_refuses_to_change_an_entry(pool: LicencePool, at: datetime) -> None:
    holder(pool, at)
    with (
        pytest.raises(DatabaseError, match="journal entries are never changed"),
        transaction.atomic(),
    ):
        JournalEntry.objects.update(reason="nobody did it")
    assert not JournalEntry.objects.filter(reason="nobody did it").exists()


def test_saving_an_entry_again_is_refused_too(pool: LicencePool, at: datetime) -> None:
    entry = journal_write(event="paused", at=at, pool=pool, reason="test")  # type: ignore[arg-type]
    entry.reason = "changed"
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.save()


def test_an_entry_names_slot_fence_person_and_time(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    entry = JournalEntry.objects.get(event="granted")
    slot = pool.slots.get(state=SlotState.ACTIVE)
    assert (entry.user, entry.slot_id, entry.fence, entry.at) == (ann, slot.pk, 1, at)
    assert entry.details == {"waited_seconds": 0.0, "seq": 1}
