"""Webhooks: registered, signed, retried."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.webhooks import signature
from tests.simulator.browser import Browser
from tests.simulator.described import JiraClient
from tests.simulator.process import SimulatorProcess

REGISTER = "/rest/webhooks/1.0/webhook"


class Receiver:
    """A server that takes webhooks; it answers with the statuses in ``answers``, then with 200."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        deadline = time.monotonic() + 5
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} of {count} deliveries"
            time.sleep(0.01)
        return self.received


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


def _wait_for_outcome(simulator: SimulatorProcess, outcome: str) -> None:
    deadline = time.monotonic() + 5
    while simulator.state()["webhooks"][0][outcome] == 0:
        assert time.monotonic() < deadline, simulator.state()["webhooks"]
        time.sleep(0.02)


def test_editing_an_issue_in_its_page_sends_a_signed_webhook(
    simulator: SimulatorProcess, browser: Browser, receiver: Receiver
) -> None:
    simulator.order("webhooks", url=receiver.url, secret="shared secret")
    browser.sign_in(credentials.MEMBER)
    assert browser.post("/browse/DEMO-1", text="new text").status_code == 303
    ((headers, body),) = receiver.wait_for(1)
    payload = json.loads(body)
    assert payload["webhookEvent"] == "jira:issue_updated"
    assert payload["user"]["accountId"] == credentials.MEMBER
    assert payload["issue"]["key"] == "DEMO-1"
    assert abs(payload["timestamp"] / 1000 - time.time()) < 60
    assert headers["X-Hub-Signature"] == signature("shared secret", body)
    assert headers["X-Atlassian-Webhook-Identifier"]
    assert "new text" in browser.get("/browse/DEMO-1").text


def test_without_access_nothing_is_saved_or_sent(
    simulator: SimulatorProcess, browser: Browser, receiver: Receiver, people: list[str]
) -> None:
    simulator.order("webhooks", url=receiver.url)
    browser.sign_in(people[0])
    assert "/join/user-access" in browser.post("/browse/DEMO-1", text="x").headers["Location"]
    assert simulator.state()["webhooks"][0]["pending"] == 0
    assert receiver.received == []


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_a_failed_delivery_is_repeated_with_the_same_identifier(
    simulator: SimulatorProcess, receiver: Receiver, status: int
) -> None:
    simulator.order("options", webhook_backoff=0.01)
    simulator.order("webhooks", url=receiver.url)
    receiver.answers = [status, status]
    simulator.order("edit", accountId=credentials.MEMBER, issue="DEMO-2")
    deliveries = receiver.wait_for(3)
    assert len({headers["X-Atlassian-Webhook-Identifier"] for headers, _ in deliveries}) == 1
    assert len({body for _, body in deliveries}) == 1
    assert [headers.get("X-Atlassian-Webhook-Retry") for headers, _ in deliveries] == [
        None,
        "1",
        "2",
    ]
    _wait_for_outcome(simulator, "delivered")


def test_a_refused_delivery_is_not_repeated(
    simulator: SimulatorProcess, receiver: Receiver
) -> None:
    simulator.order("webhooks", url=receiver.url)
    receiver.answers = [403]
    simulator.order("edit", accountId=credentials.MEMBER, issue="DEMO-2")
    _wait_for_outcome(simulator, "refused")
    assert len(receiver.received) == 1


def test_after_five_tries_a_delivery_is_given_up(simulator: SimulatorProcess) -> None:
    simulator.order("options", webhook_backoff=0.01)
    simulator.order("webhooks", url="http://127.0.0.1:9/nobody")
    simulator.order("edit", accountId=credentials.MEMBER, issue="DEMO-2")
    _wait_for_outcome(simulator, "given_up")


def test_webhooks_are_registered_by_rest_and_never_show_their_secret(
    jira: JiraClient, simulator: SimulatorProcess, receiver: Receiver
) -> None:
    body = {
        "name": "IUM",
        "url": receiver.url,
        "events": ["jira:issue_updated"],
        "secret": "s3cret",
    }
    created = jira.call("POST", REGISTER, json=body)
    assert (created.status_code, created.json()["isSigned"], "s3cret" in created.text) == (
        201,
        True,
        False,
    )
    assert [hook["url"] for hook in jira.call("GET", REGISTER).json()] == [receiver.url]
    simulator.order("edit", accountId=credentials.MEMBER, issue="SUP-1")
    receiver.wait_for(1)
    number = created.json()["self"].rpartition("/")[2]
    assert jira.call("DELETE", f"{REGISTER}/{number}").status_code == 204
    assert jira.call("DELETE", f"{REGISTER}/{number}").status_code == 404
    assert jira.call("POST", REGISTER, json={"name": "IUM"}).status_code == 400
    member = (credentials.MEMBER_EMAIL, credentials.MEMBER_TOKEN)
    assert jira.call("GET", REGISTER, auth=member).status_code == 403


def test_a_webhook_gets_only_the_events_it_wants(
    simulator: SimulatorProcess, receiver: Receiver
) -> None:
    simulator.order("webhooks", url=receiver.url, events=["jira:issue_deleted"])
    simulator.order("edit", accountId=credentials.MEMBER, issue="DEMO-2")
    assert simulator.state()["webhooks"][0]["pending"] == 0
    assert receiver.received == []
