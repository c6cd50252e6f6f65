"""The clock: the database's with PostgreSQL, this machine's with SQLite."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings

from ium.lib import clock

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@time_machine.travel(LONG_AGO, tick=False)
def test_without_the_databases_clock_it_is_this_machines() -> None:
    assert clock.now() == LONG_AGO


@pytest.mark.postgres
@pytest.mark.skipif(django_settings.IS_SQLITE, reason="SQLite has no clock of its own")
@pytest.mark.django_db
def test_with_postgresql_it_is_the_databases(settings: Any) -> None:
    settings.IUM_DATABASE_CLOCK = True
    with time_machine.travel(LONG_AGO, tick=False):
        first, second = clock.now(), clock.now()
    assert first.year > 2020
    assert first.tzinfo is not None
    assert second > first  # not the start of the transaction, which stands still
