"""A pool that tells ops by mail, and a way to let time pass."""

from datetime import datetime
from typing import Any

import pytest

from slots.models import LicencePool
from tests.factories import PoolFactory


@pytest.fixture
def pool(at: datetime, intake: None, settings: Any) -> LicencePool:
    """A pool of one licence whose site names somebody to tell."""
    settings.ADMINS = []
    settings.IUM_URL = "https://ium.example"
    made: LicencePool = PoolFactory.create(key="jira", name="Jira", assigned_licences=1)
    made.site.alert_emails = "ops@example.com"
    made.site.save()
    return made
