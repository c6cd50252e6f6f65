"""Whatever comes in a signed body is understood, refused, or nobody's work; it never counts for somebody else."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity.models import LastActivity
from ium.directory.models import User
from ium.lib.errors import BadInput
from jira_sync.webhooks.parsing import EVENTS, work_in
from jira_sync.webhooks.signature import is_signed
from tests.factories import AT
from tests.jira_sync.webhooks.conftest import Sender, issue_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = (
    "timestamp",
    "webhookEvent",
    "user",
    "accountId",
    "accountType",
    "comment",
    "worklog",
    "author",
    "updateAuthor",
    "issue",
    "fields",
    "project",
    "projectTypeKey",
)
KNOWN = st.sampled_from([*EVENTS, "atlassian", "app", "service_desk", 1_772_442_000_000])
SHAPED = st.recursive(
    JSON | KNOWN,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)
FEW = settings(max_examples=300, deadline=None)


@FEW
@given(SHAPED | JSON)
def test_any_json_is_work_of_a_person_or_nobodys_or_refused(value: Any) -> None:
    try:
        found = work_in(json.dumps(value).encode())
    except BadInput:
        return
    if found is not None:
        assert f'"accountId": {json.dumps(found.account_id)}' in json.dumps(value)
        assert '"accountType": "atlassian"' in json.dumps(value)
        assert found.at.tzinfo is UTC


@FEW
@given(st.binary(max_size=80) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_refused_or_nobodys(body: bytes) -> None:
    try:
        assert work_in(body) is None
    except BadInput:
        return


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"webhookEvent": 1}',
        b'{"webhookEvent": "x"}',
        b'{"webhookEvent": "x", "timestamp": true}',
        b'{"webhookEvent": "x", "timestamp": "1772442000000"}',
        b'{"webhookEvent": "x", "timestamp": 1772442000000.5}',
        b'{"webhookEvent": "x", "timestamp": 1772442000}',
        b'{"webhookEvent": "x", "timestamp": -1772442000000}',
        b'{"webhookEvent": "x", "timestamp": 1e400}',
        b'{"webhookEvent": "x", "timestamp": ' + b"9" * 400 + b"}",
        b'{"webhookEvent": "x", "timestamp": ' + b"9" * 5000 + b"}",
        b'{"webhookEvent": "x", "timestamp": NaN}',
        b'{"webhookEvent": "x", "webhookEvent": "y", "timestamp": 1772442000000}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_jira_does_not_send_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        work_in(body)


@pytest.mark.parametrize(
    "account", ["", "a" * 129, "a b", "a\n", "a\x00", 5, None, ["a"], {"a": 1}]
)
def test_an_account_id_that_cannot_be_is_nobodys(account: Any) -> None:
    event = issue_event("x")
    event["user"]["accountId"] = account
    assert work_in(json.dumps(event).encode()) is None


@FEW
@given(st.binary(max_size=40), st.text(max_size=90), st.lists(st.text(max_size=8), max_size=2))
def test_no_header_signs_a_body_by_accident(body: bytes, header: str, keys: list[str]) -> None:
    assert not is_signed(body, header, [*keys, ""])


@pytest.mark.django_db
def test_signed_nonsense_changes_nothing_and_is_no_fault(jira: Sender, ada: User) -> None:
    @settings(
        max_examples=120,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        event=SHAPED,
        name=st.sampled_from(["user", "timestamp", "webhookEvent", "issue", "comment"]),
    )
    def run(event: Any, name: str) -> None:
        whole = issue_event(ada, AT) | {name: event}
        for value in (event, whole):
            answer = jira.post(json.dumps(value).encode())
            assert answer.status_code in {204, 400}, answer.content

    run()
    people = set(LastActivity.objects.values_list("user", flat=True))
    assert people <= {ada.pk}
