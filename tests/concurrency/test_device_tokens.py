"""Codes and refresh tokens in many hands at the same moment: one wins at most, and the device ends."""

from functools import partial
from typing import Any

import pytest
from django.test import Client

from ium.directory.models import Device, User
from tests import factories
from tests.concurrency.threads import together
from tests.sign_in.conftest import CHROME, Extension, opens

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 6


@pytest.fixture
def ada(transactional_db: None) -> User:
    """An IUM user."""
    return factories.member(factories.PoolFactory.create(key="jira"))


@pytest.fixture
def extension(ada: User, settings: Any) -> Extension:
    """The extension in a browser in which Ada is signed in."""
    settings.IUM_EXTENSION_REDIRECTS = [CHROME]
    made = Extension(Client())
    made.browser.force_login(ada)
    return made


def winners(answers: list[Any]) -> list[dict[str, Any]]:
    """Return the tokens that were given; all others were refused in the right way."""
    assert {answer.status_code for answer in answers} <= {200, 400}, answers
    return [answer.json() for answer in answers if answer.status_code == 200]


def test_a_code_in_many_hands_makes_one_device_and_ends_it(extension: Extension) -> None:
    code = extension.code()

    given = winners(together([partial(extension.exchange, code)] * HANDS))

    assert len(given) == Device.objects.count() == 1
    assert not opens(given[0]["access_token"])


def test_a_refresh_token_in_many_hands_ends_the_device(extension: Extension) -> None:
    tokens = extension.sign_in()

    given = winners(together([partial(extension.renew, tokens["refresh_token"])] * HANDS))

    assert len(given) == 1
    assert Device.objects.get().signed_out_at is not None
    assert not opens(given[0]["access_token"])
