"""The queue page as a browser without scripts sees it."""

import re
from html import unescape
from typing import Protocol

import pytest
from django.test import Client

from ium.directory.models import User
from slots.models import LicencePool
from tests import factories


class Answer(Protocol):
    """What the test client returns, as far as it is looked at here."""

    content: bytes


@pytest.fixture
def pool(db: None) -> LicencePool:
    """A pool with one slot."""
    pool: LicencePool = factories.PoolFactory.create(key="jira", name="Jira", assigned_licences=1)
    return pool


@pytest.fixture
def person(pool: LicencePool) -> User:
    """An IUM user of the pool."""
    return factories.member(pool, display_name="Ada Lovelace")


def browser_of(user: User) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Answer) -> str:
    """Return what people read: no tags, no scripts, single spaces."""
    html = re.sub(r"<script.*?</script>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def shown(response: Answer) -> set[str]:
    """Return the controls that are not hidden."""
    tags = re.findall(r'<(?:button|a)[^>]*data-action="(\w+)"([^>]*)>', response.content.decode())
    return {name for name, rest in tags if not re.search(r"\bhidden\b", rest)}


def title_of(response: Answer) -> str:
    """Return the page's title without the name of the product, which every title ends with."""
    found = re.search(r"<title>(.*?)</title>", response.content.decode(), re.DOTALL)
    assert found, "no title"
    title, _dash, product = unescape(found.group(1)).rpartition(" \N{EN DASH} ")
    assert product == "IUM"
    return title
