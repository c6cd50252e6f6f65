"""The API as its own description says: input made from it, right and wrong, never finds a fault.

Schemathesis calls the real WSGI application in this process. More and longer with IUM_TEST_DEEP=1.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.response import Response
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from ium.directory.models import User
from slots.models import LicencePool
from tests.factories import token_for
from tests.security.conftest import staff

pytestmark = pytest.mark.django_db
DEEP = bool(os.environ.get("IUM_TEST_DEEP"))
CALLS = [
    ("GET", "/api/v1/slot"),
    ("POST", "/api/v1/slot"),
    ("DELETE", "/api/v1/slot"),
    ("POST", "/api/v1/activity"),
    ("GET", "/api/v1/config"),
]
# All of one make: the one with the most parameters is tried with input, as somebody who may read them.
REPORTS = [("GET", f"/api/v1/reports/{name}") for name in ("use", "waits", "sessions", "coverage")]
EXAMPLES = settings(
    max_examples=1500 if DEEP else 60,
    deadline=None,
    derandomize=not DEEP,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def document() -> dict[str, Any]:
    """Return the description of the API."""
    generator: Any = SchemaGenerator
    found: dict[str, Any] = generator().get_schema(request=None, public=True)
    return found


described = schemathesis.openapi.from_dict(document())
described.app = get_wsgi_application()


def cases(method: str, path: str) -> st.SearchStrategy[schemathesis.Case]:
    """Return calls as they should be and as they should not be."""
    operation = described[path][method]
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    return right | wrong


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the connection of the test's transaction open between calls, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def test_the_description_names_these_calls() -> None:
    found = {
        (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method in methods
    }
    assert found == {*CALLS, *REPORTS}


def check(case: schemathesis.Case, header: str) -> None:
    """Send the call; the answer is described, has the described form, and is no fault."""
    answer = case.call(headers={"Authorization": header, "Host": "127.0.0.1"})
    allowed = {int(status) for status in case.operation.definition.raw["responses"]}
    assert answer.status_code in allowed, (answer.status_code, answer.content)
    case.operation.schema.validate_response(case.operation, answer, case=case)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_whatever_a_person_sends_is_answered_as_described(
    pool: LicencePool, ben: User, method: str, path: str
) -> None:
    header = f"Bearer {token_for(ben)}"

    @EXAMPLES
    @given(case=cases(method, path))
    def run(case: schemathesis.Case) -> None:
        check(case, header)

    run()


def test_whatever_a_reader_of_reports_sends_is_answered_as_described(pool: LicencePool) -> None:
    header = f"Bearer {token_for(staff('rita', 'view_intervaluse'))}"

    @EXAMPLES
    @given(case=cases(*REPORTS[0]))
    def send(case: schemathesis.Case) -> None:
        check(case, header)

    send()


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_whatever_a_stranger_sends_is_refused(pool: LicencePool, method: str, path: str) -> None:
    @settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 6)
    @given(case=cases(method, path))
    def run(case: schemathesis.Case) -> None:
        check(case, "Bearer ium_nobody")
        answer = case.call(headers={"Authorization": "Bearer ium_nobody", "Host": "127.0.0.1"})
        assert answer.status_code >= 400

    run()


def test_an_answer_of_another_form_is_found(
    pool: LicencePool, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(**_: Any) -> Response:
        return Response({"pool": "jira", "state": "dreaming"})

    monkeypatch.setattr("slots.api.views.state_of", lambda *_: other())
    with pytest.raises(FailureGroup, match="distinct failures"):
        check(
            described["/api/v1/slot"]["GET"].Case(query={"pool": "jira"}),
            f"Bearer {token_for(ben)}",
        )
