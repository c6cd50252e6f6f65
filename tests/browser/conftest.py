"""A real browser, the live server, and a tiny Jira to come back to. There is no worker: `jira` does its part."""

from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from ium.directory.models import User
from ium.lib import clock
from slots.models import LicencePool
from tests import factories
from tests.conftest import CHROMIUM


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as `browser`; skip it where there is none."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"no browser at {CHROMIUM}"))


class _JiraPages(BaseHTTPRequestHandler):
    """Answers every address with a page that names it."""

    def do_GET(self) -> None:
        """Answer."""
        body = f"<!DOCTYPE html><title>Jira {self.path}</title>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def jira_url() -> Iterator[str]:
    """The address of a site with pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _JiraPages)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pool(transactional_db: None, jira_url: str) -> LicencePool:
    """A pool with one slot on that site, whose timer ends after 3 seconds."""
    site = factories.SiteFactory.create(url=jira_url)
    pool: LicencePool = factories.PoolFactory.create(
        key="jira",
        name="Jira",
        site=site,
        assigned_licences=1,
        access_delay_seconds=0,
        queue_timer_seconds=3,
    )
    return pool


@pytest.fixture
def person(pool: LicencePool) -> User:
    """An IUM user of the pool."""
    return factories.member(pool, display_name="Ada Lovelace")


@pytest.fixture
def holder(pool: LicencePool) -> User:
    """Somebody else who has the only slot."""
    return factories.holder(pool, clock.now())


@dataclass
class Visit:
    """What a test does in the browser: one signed-in person, the queue page, what the browser complained about."""

    server: LiveServer
    browser: Browser
    complaints: list[str]
    contexts: list[BrowserContext]

    def context(self, user: User | None, **options: Any) -> BrowserContext:
        """Open a browser of its own in which this person is signed in."""
        options = {"locale": "en-GB", "base_url": self.server.url, **options}
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [
                    {
                        "name": settings.SESSION_COOKIE_NAME,
                        "value": session,
                        "url": self.server.url,
                    }
                ]
            )
        return context

    def tab(self, context: BrowserContext) -> Page:
        """Open a tab that notes script errors and breaches of the content security policy."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def open(self, user: User | None, address: str = "/queue/", **options: Any) -> Page:
        """Open an address as this person."""
        page = self.tab(self.context(user, **options))
        page.goto(address)
        return page


@pytest.fixture
def visit(chromium: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """Visits to the live server; whatever a browser complained about fails the test."""
    visit = Visit(server=live_server, browser=chromium, complaints=[], contexts=[])
    yield visit
    for context in visit.contexts:
        for (
            page
        ) in context.pages:  # an answer that a test still makes up must not fail the next one
            page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert visit.complaints == []


def settle() -> None:
    """Carry out in Jira what slots want now, as the worker would."""
    factories.FakeJira().settle(clock.now())
