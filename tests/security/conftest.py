"""A pool, people with and without rights, and limits that can be reached."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches

from ium.directory.models import User
from slots.models import LicencePool
from tests.conftest import Now
from tests.factories import PoolFactory, holder, member

PASSWORD = "correct horse battery"


@pytest.fixture
def clock(intake: None, utc_now: Now) -> Now:
    """The clock of the server, standing still at `at`; activity can be trusted."""
    return utc_now


@pytest.fixture
def pool(clock: Now) -> LicencePool:
    """A pool of one licence."""
    made: LicencePool = PoolFactory.create(key="jira", assigned_licences=1)
    return made


@pytest.fixture
def ann(pool: LicencePool) -> User:
    """Ann, who holds the only slot."""
    return holder(pool, display_name="Ann")


@pytest.fixture
def ben(pool: LicencePool) -> User:
    """Ben, who has no slot."""
    return member(pool, display_name="Ben")


def administrator() -> User:
    """Create an administrator of IUM."""
    return User.objects.create_superuser("admin", PASSWORD)


def staff(name: str, permissions: str = "") -> User:
    """Create somebody who may open the admin, with the permissions whose codename begins so."""
    user = User.objects.create_user(name, PASSWORD, is_staff=True)
    if permissions:
        user.user_permissions.set(Permission.objects.filter(codename__startswith=permissions))
    return user


Limit = Callable[..., None]


@pytest.fixture
def limit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Limit]:
    """Set limits of rates by name, at the beginning of a window; nothing was counted before."""
    monkeypatch.setattr("slots.api.throttles.time.time", lambda: 1_800_000_000.0)

    def set_limits(**numbers: int) -> None:
        settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, **numbers}

    caches["counters"].clear()
    yield set_limits
    caches["counters"].clear()
