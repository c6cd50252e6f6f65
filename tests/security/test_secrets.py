"""Keys, tokens, passwords and session ids are in no log, no page, no row that is shown, no number and no repr.

Every main flow runs here, above all those that fail, with the log at its most talkative.

Comparisons in constant time: passwords by Django's hashers, CSRF tokens and session signatures by Django
(`constant_time_compare`). Device tokens are looked up by their SHA-256: how long the search takes may tell something of
the hash of what was sent, but nobody can choose a token by its hash, so it tells nothing of the token.
"""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from django.core import mail
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from ium.directory.authentication import DeviceTokenAuthentication
from ium.directory.models import Device, Site, User
from jira_sync import tasks
from jira_sync.client import Connection, JiraError, build
from jira_sync.client.credentials import KeyRing, api_token, keys_of
from jira_sync.connections import directory_of
from slots.models import JobRun, JournalEntry, LicencePool, Slot
from tests.api.conftest import with_token
from tests.conftest import Now
from tests.factories import member, slot_of, token_for
from tests.security.conftest import PASSWORD, administrator
from tests.security.spying import KEYS, Spy, clean, everything_is_clean

pytestmark = pytest.mark.django_db
ANYTHING = re.compile(r".*")
METHODS = (responses.GET, responses.POST, responses.DELETE)


@pytest.fixture
def site(pool: LicencePool, settings: Any) -> Site:
    """The pool's site with all three keys."""
    for name, value in {
        **KEYS,
        "org_id": "o",
        "directory_id": "d",
        "api_email": "bot@example.com",
    }.items():
        setattr(pool.site, name, value)
    pool.site.save()
    return pool.site


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spy]:
    """The log of the whole process."""
    spy, root = Spy(), logging.getLogger()
    before = root.level
    root.addHandler(spy.handler)
    root.setLevel(logging.DEBUG)
    levels = {name: logging.getLogger(name).level for name in logging.root.manager.loggerDict}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield spy
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    root.setLevel(before)
    root.removeHandler(spy.handler)


def jira(answer: str | Exception, status: int) -> responses.RequestsMock:
    """Return a Jira that answers everything like this, and repeats the key that it was sent."""

    def respond(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        if isinstance(answer, Exception):
            raise answer
        return status, {}, answer.replace("KEY", request.headers.get("Authorization", "none"))

    mock = responses.RequestsMock(assert_all_requests_are_fired=False)
    for method in METHODS:
        mock.add_callback(method, ANYTHING, callback=respond)
    return mock


ECHO = '{"errorMessages": ["KEY is wrong"], "errors": [{"code": "X", "title": "KEY", "detail": "KEY"}]}'
FAILURES: dict[str, tuple[str | Exception, int]] = {
    "refused": (ECHO, 401),
    "not allowed": (ECHO, 403),
    "a fault of Jira": (ECHO, 500),
    "too often": (ECHO, 429),
    "no JSON": ("KEY", 400),
    "a page": (f"<html>{ECHO}</html>", 200),
    "another form": ('{"data": "KEY"}', 200),
    "no connection": (requests.ConnectionError(f"cannot connect with {KEYS['org_key']}"), 0),
    "an error that nobody expected": (RuntimeError("broken"), 0),
}


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_whatever_jira_does_the_keys_stay_hidden(
    site: Site, pool: LicencePool, spy: Spy, failure: str, clock: Now
) -> None:
    ben = member(pool, display_name="Ben")
    with_token(ben).post("/api/v1/slot", {}, format="json")
    slot = slot_of(ben)
    with jira(*FAILURES[failure]):
        for _ in range(2):
            for task, args in (
                (tasks.carry_out, (slot.pk,)),
                (tasks.reconcile, ()),
                (tasks.sync_people, ()),
            ):
                task.apply(args=args)
            tasks.probe.apply()
            clock.at += timedelta(minutes=3)
    assert spy.lines
    clean(spy.text())
    shown = [
        *Site.objects.values(),
        *Slot.objects.values(),
        *JobRun.objects.values(),
        *JournalEntry.objects.values(),
    ]
    clean(repr([{k: v for k, v in row.items() if k not in KEYS} for row in shown]))
    everything_is_clean()


def test_a_key_that_cannot_be_is_not_told(site: Site, pool: LicencePool, spy: Spy) -> None:
    """A line break in a pasted key, and a key of another installation."""
    site.org_key = KEYS["org_key"] + "\nX"
    site.save()
    ben = member(pool)
    with_token(ben).post("/api/v1/slot", {}, format="json")
    for task, args in (
        (tasks.carry_out, (slot_of(ben).pk,)),
        (tasks.reconcile, ()),
        (tasks.probe, ()),
    ):
        task.apply(args=args)
    with pytest.raises((JiraError, ValueError)) as caught:
        directory_of(site)
    clean(spy.text() + repr(caught.value) + str(caught.value))


def test_a_wrong_encryption_key_tells_neither_key(
    site: Site, pool: LicencePool, spy: Spy, settings: Any
) -> None:
    settings.IUM_ENCRYPTION_KEYS = ["OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="]
    client = Client(raise_request_exception=False)
    client.force_login(administrator())
    answer = client.get(reverse("admin:directory_site_change", args=[site.pk]))
    tasks.reconcile.apply()
    clean(spy.text() + answer.content.decode(), *settings.IUM_ENCRYPTION_KEYS)


def calling_with(token: str) -> APIClient:
    """Return a client that calls with this token; faults of the server are answers."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_tokens_passwords_and_sessions_are_in_no_log(
    pool: LicencePool, ben: User, spy: Spy
) -> None:
    administrator()
    token = token_for(ben)
    right, wrong = calling_with(token), calling_with("ium_a-wrong-token-of-somebody")
    for client in (right, wrong):
        for path in ("/api/v1/slot", "/api/v1/nowhere", "/api/v1/slot?pool=%00"):
            client.get(path)
        client.post("/api/v1/slot", {"return_url": "https://evil.example"}, format="json")
    browser = Client(raise_request_exception=False)
    for path in ("/sign-in/", "/admin/login/"):
        browser.post(path, {"username": "admin", "password": "a-wrong-password"})
    browser.post("/sign-in/", {"username": "admin", "password": PASSWORD})
    session = browser.cookies["sessionid"].value
    for path in ("/queue/", "/admin/", "/nowhere/", "/admin/directory/user/999/change/"):
        browser.get(path)
    secrets = (token, "a-wrong-token-of-somebody", "a-wrong-password", session)
    assert spy.lines
    clean(spy.text(), *secrets)
    clean(repr(list(Device.objects.values())), token)


def test_a_fault_of_the_server_tells_no_secret(
    site: Site, ben: User, spy: Spy, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """On the page, in the log, and in the report that administrators get by mail."""

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    settings.ADMINS = [("Ada", "ada@example.com")]
    of_broker = "-".join(("broker", "password"))  # not as one word: reports quote the source
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://:{of_broker}@broker/0"
    monkeypatch.setattr("slots.api.views.pool_by_key", broken)
    monkeypatch.setattr("ium.directory.models.Site.save", broken)
    boss = Client(raise_request_exception=False)
    boss.force_login(administrator())
    session = boss.cookies["sessionid"].value
    token = token_for(ben)
    api = calling_with(token)
    answers: list[Any] = [api.get("/api/v1/slot"), boss.post(*site_form(site))]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert len(mail.outbox) == 2
    text = spy.text() + "".join(f"{each.body}{vars(each)!r}" for each in mail.outbox)
    text += "".join(answer.content.decode() for answer in answers)
    clean(
        text,
        "newly-typed-key",
        token,
        session,
        of_broker,
        settings.SECRET_KEY,
        settings.IUM_ENCRYPTION_KEYS[0],
    )
    assert b"broken" not in answers[0].content + answers[1].content


def site_form(site: Site) -> tuple[str, dict[str, str]]:
    """Return the form of a site, with a key that was just typed."""
    return reverse("admin:directory_site_change", args=[site.pk]), {
        "name": site.name,
        "url": site.url,
        "api_url": site.api_url,
        "org_id": "o",
        "api_email": "bot@example.com",
        "org_key": "newly-typed-key",
        "alert_emails": "",
    }


def test_nothing_shows_a_secret_when_printed(site: Site, pool: LicencePool, ben: User) -> None:
    connection = Connection(
        site_url=site.url,
        org_keys=(KEYS["org_key"],),
        api_token=KEYS["api_token"],
        email="bot@example.com",
    )
    token = token_for(ben)
    ring = KeyRing([*keys_of(KEYS.values()), api_token("bot@example.com", KEYS["api_token"])])
    device = Device.objects.get(user=ben)
    things: list[Any] = [
        site,
        pool,
        ben,
        device,
        connection,
        build(connection),
        directory_of(site),
        ring,
        *ring,
    ]
    things += [vars(build(connection)), DeviceTokenAuthentication()]
    clean(" ".join(f"{thing!r} {thing}" for thing in things), token)


def test_no_source_compares_a_secret_with_equals() -> None:
    """A reminder: `==` on tokens, hashes or signatures in our own code has to be looked at."""
    root = Path(__file__).parents[2]
    suspicious = re.compile(
        r"(token|secret|signature|digest|token_hash)\w*\s*[!=]=\s*(?!None|\"\")", re.IGNORECASE
    )
    files = [
        file
        for app in ("ium", "slots", "activity", "jira_sync")
        for file in (root / app).rglob("*.py")
        if not {"simulator", "migrations", "bench"} & set(file.parts)
    ]
    found = [
        f"{file}: {line}"
        for file in files
        for line in file.read_text().splitlines()
        if suspicious.search(line)
    ]
    assert found == []
