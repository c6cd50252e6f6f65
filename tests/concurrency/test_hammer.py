"""A smaller hammer that runs on every database, SQLite's single file too."""

import pytest

from slots.models import LicencePool
from tests.concurrency.hammering import (
    SharedJira,
    check_limit,
    check_one_place_each,
    check_order,
    hammer,
)
from tests.factories import PoolFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_threads_never_get_more_than_there_is_in_exact_order() -> None:
    pool: LicencePool = PoolFactory.create(assigned_licences=5)
    jira = SharedJira()
    watcher = hammer(pool, threads=8, each=3, jira=jira)
    check_limit(pool, watcher, jira)
    check_order(pool)
    check_one_place_each(pool)
