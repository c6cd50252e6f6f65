"""Findings about the sign-in: none, or one that cannot find the people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytest_django import Settings

from ium.demo.sign_in import demo_providers
from ium.directory.models import User
from jira_sync.doctor.services import check_configuration
from jira_sync.models import Finding, Severity
from tests.factories import AT, PoolFactory, UserFactory, member

pytestmark = pytest.mark.django_db
COMPANY, ATLASSIAN = demo_providers("http://127.0.0.1:8090")


def found() -> dict[str, Finding]:
    check_configuration(at=AT)
    codes = {"no_sign_in", "people_without_email"}
    return {each.code: each for each in Finding.objects.current() if each.code in codes}


@pytest.fixture
def people() -> list[User]:
    """Three IUM users, one without an address, and somebody without one who is not managed."""
    pool = PoolFactory.create()
    UserFactory.create(email="")
    return [member(pool), member(pool), member(pool, email="")]


def test_without_any_sign_in_people_cannot_come(settings: Settings) -> None:
    settings.IUM_SIGN_IN = ()
    assert found()["no_sign_in"].severity == Severity.WARNING
    settings.IUM_SIGN_IN = (COMPANY,)
    assert found() == {}


def test_people_without_an_address_cannot_be_found_by_it(
    settings: Settings, people: list[User]
) -> None:
    settings.IUM_SIGN_IN = (COMPANY,)
    assert "1 IUM user has no e-mail address" in found()["people_without_email"].what
    User.objects.filter(pk=people[2].pk).update(email="known@example.com")
    assert found() == {}


def test_with_another_way_to_find_them_that_is_no_problem(
    settings: Settings, people: list[User]
) -> None:
    for providers in ((COMPANY, ATLASSIAN), (replace(COMPANY, account_id_claim="jira"),)):
        settings.IUM_SIGN_IN = providers
        assert found() == {}
