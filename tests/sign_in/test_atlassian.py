"""Signing in with the Atlassian account, over real HTTP at the simulation: the account id decides."""

from typing import Any

import pytest

from ium.directory.models import User
from jira_sync.simulator import credentials
from slots.models import LicencePool
from tests import factories
from tests.queue_page.conftest import text_of
from tests.sign_in.test_company import choose
from tests.sign_in.walk import Visitor
from tests.simulator.process import SimulatorProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated")]
START = "/sign-in/with/atlassian/?next=/queue/%3Fpool%3Djira"


def consent(visitor: Visitor, decision: str = "accept") -> Any:
    """Sign in at Atlassian and decide."""
    visitor.open(START)
    page = visitor.follow(choose(visitor))
    assert "IUM wants to know who you are" in page.text
    return visitor.submit(decision=decision)


def test_the_account_id_decides_and_the_address_does_not(
    visitor: Visitor, member: User, pool: LicencePool
) -> None:
    User.objects.filter(pk=member.pk).update(email="old@example.com")
    factories.member(pool, email=credentials.MEMBER_EMAIL)

    page = consent(visitor)

    assert visitor.seen[-1].endswith("/queue/?pool=jira")
    assert "Signed in as Jamal Haddad" in text_of(page)
    assert visitor.user_id == str(member.pk)


def test_an_account_that_is_not_in_ium_is_told_so(visitor: Visitor, pool: LicencePool) -> None:
    factories.member(pool, email=credentials.MEMBER_EMAIL)

    page = consent(visitor)

    assert page.status_code == 403
    assert "IUM does not know you" in text_of(page)
    assert visitor.user_id is None


def test_who_refuses_at_atlassian_comes_back_to_a_page(visitor: Visitor, member: User) -> None:
    page = consent(visitor, "cancel")

    assert "You did not sign in" in text_of(page)
    assert visitor.user_id is None


@pytest.mark.parametrize("path", ["/oauth/token", "/me"])
def test_trouble_at_atlassian_is_told_so(
    visitor: Visitor, member: User, simulated: SimulatorProcess, path: str
) -> None:
    simulated.fault(path, "status", status=503)

    page = consent(visitor)

    assert page.status_code == 502
    assert visitor.user_id is None
