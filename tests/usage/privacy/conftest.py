"""A pool on a clock that stands still."""

import pytest

from slots.models import LicencePool
from tests.conftest import Now
from tests.factories import PoolFactory


@pytest.fixture
def pool(utc_now: Now, intake: None) -> LicencePool:
    """A pool; the clock stands at AT."""
    made: LicencePool = PoolFactory.create(name="Jira", key="jira")
    return made
