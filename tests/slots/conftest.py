"""A pool of two licences, and activity that can be trusted."""

from typing import Any

import pytest

from slots.models import LicencePool
from tests.factories import PoolFactory


@pytest.fixture(autouse=True)
def _trusted(intake: None) -> None:
    """Activity could be received up to `at`."""


@pytest.fixture
def pool() -> LicencePool:
    """A pool of two licences with default times: inactivity 60 min, sweep 5 min, warning 60 s."""
    return make_pool()


@pytest.fixture
def single() -> LicencePool:
    """A pool of one licence."""
    return make_pool(assigned_licences=1)


def make_pool(**fields: Any) -> LicencePool:
    """Create a pool."""
    pool: LicencePool = PoolFactory.create(**fields)
    return pool
