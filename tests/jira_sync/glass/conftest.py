"""The same simulated Jira as for the user sync, with a group for emergencies."""

import pytest

from ium.directory.models import Group
from tests.jira_sync.glass.emergency import prepared
from tests.jira_sync.sync.conftest import (
    committed,
    full_speed,
    sim,
    sync_simulator,
    woken,
    world,
)
from tests.jira_sync.sync.world import World

__all__ = ["committed", "full_speed", "sim", "sync_simulator", "woken", "world"]


@pytest.fixture
def group(world: World) -> Group:
    """Eight IUM users, and a group that gives Jira in which two people are already."""
    return prepared(world)
