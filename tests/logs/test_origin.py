"""Requests and tasks have names that are in every line, and those that took long are logged."""

import logging
from typing import Any

import pytest
from celery import shared_task
from celery.app.task import Context
from celery.signals import before_task_publish
from django.db import connection
from django.test import Client

from ium.lib.logs.origin import NOWHERE, Origin, current, working_for
from ium.lib.logs.requests import HEADER
from ium.lib.logs.statements import measured
from ium.lib.logs.tasks import REQUEST, _begin, _end

ON_ITS_WAY = "0123456789abcdef"


@pytest.mark.usefixtures("db")
class TestRequests:
    def test_every_answer_names_its_request(self, client: Client) -> None:
        first, second = client.get("/livez"), client.get("/livez")
        assert len(first[HEADER]) == 32
        assert first[HEADER] != second[HEADER]

    def test_the_name_of_the_proxy_is_taken_over(self, client: Client, settings: Any) -> None:
        settings.IUM_BEHIND_PROXY = True
        assert client.get("/livez", headers={HEADER: ON_ITS_WAY})[HEADER] == ON_ITS_WAY

    @pytest.mark.parametrize(
        "name", ["short", "x" * 65, "with blank s", "a\nb: c-d-e", "ä" * 10, ""]
    )
    def test_a_name_that_could_do_harm_is_not(
        self, client: Client, settings: Any, name: str
    ) -> None:
        settings.IUM_BEHIND_PROXY = True
        assert len(client.get("/livez", headers={HEADER: name})[HEADER]) == 32

    def test_clients_do_not_choose_names(self, client: Client) -> None:
        assert client.get("/livez", headers={HEADER: ON_ITS_WAY})[HEADER] != ON_ITS_WAY

    def test_lines_for_requests_name_the_route_and_never_the_address(
        self, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.IUM_ACCESS_LOG = True
        caplog.set_level(logging.INFO, "ium.access")
        for path in ("/livez", "/admin/directory/user/77/change/?q=ann", "/webhooks/jira/key-77",
                     "/nowhere/ann.lee"):  # fmt: skip
            client.get(path)

        routes = [each.facts["route"] for each in caplog.records if each.name == "ium.access"]  # type: ignore[attr-defined]
        assert routes[0] == "/livez"
        assert routes[1] == "/admin/directory/user/<path:object_id>/change/"
        assert routes[3] == "-"
        assert not any("77" in route or "ann" in route for route in routes)

    def test_only_slow_requests_are_logged_otherwise(
        self, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.IUM_SLOW_REQUEST_MS = 0
        client.get("/readyz")
        settings.IUM_SLOW_REQUEST_MS = 100_000
        client.get("/readyz")
        assert [each for each in caplog.records if each.name == "ium.slow"] == []
        settings.IUM_SLOW_REQUEST_MS = 1
        client.get("/readyz")
        (line,) = [each for each in caplog.records if each.name == "ium.slow"]
        assert line.facts["route"] == "/readyz"  # type: ignore[attr-defined]


# --- tasks ---


@shared_task(name="tests.logs.seen")
def seen() -> tuple[str, str]:
    """Return what lines of this task would belong to."""
    return current().request, current().task


def test_a_task_that_is_sent_takes_the_request_along() -> None:
    headers: dict[str, Any] = {}
    with working_for(Origin(request="r-1")):
        before_task_publish.send(sender="x", headers=headers)
    assert headers == {REQUEST: "r-1"}


def test_a_task_belongs_to_its_request_and_to_itself() -> None:
    seen.request_stack.push(Context(id="t-1", **{REQUEST: "r-1"}))
    try:
        _begin(task_id="t-1", task=seen)
        assert current() == Origin(request="r-1", task="t-1", task_name="tests.logs.seen")
        _end(task=seen, state="SUCCESS")
    finally:
        seen.request_stack.pop()
    assert current() == NOWHERE


def test_slow_tasks_are_logged(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.IUM_SLOW_TASK_MS = 1000
    for began in (0.0, 1e12):
        seen.request_stack.push(Context(id="t-1", ium_began=began))
        _end(task=seen, state="FAILURE")
        seen.request_stack.pop()
    (line,) = caplog.records
    assert (line.facts["name"], line.facts["state"]) == ("tests.logs.seen", "FAILURE")  # type: ignore[attr-defined]


# --- the database ---


def test_slow_statements_are_logged_without_their_values(
    settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 5.0, 6.0, 6.5])
    monkeypatch.setattr("ium.lib.logs.statements.time.perf_counter", lambda: next(moments))
    settings.IUM_SLOW_SQL_MS = 1000
    for _ in ("slow", "quick"):
        measured(lambda *_: 1, "SELECT %s", ["ann"], False, {})
    (line,) = caplog.records
    assert line.facts == {"sql": "SELECT %s", "ms": 5000}  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_connections_are_measured() -> None:
    assert connection.execute_wrappers.count(measured) == 1
