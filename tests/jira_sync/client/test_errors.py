"""Every documented refusal becomes the right error: given status and body -> what the caller sees.

The table is about single answers: the looks around that make a vague refusal precise are answered
with 404 here, so the refusal stays what the answer alone says. See test_vague_refusals.py for them.
"""

from __future__ import annotations

import pickle
import re
from typing import Any, NamedTuple

import pytest
import responses

from jira_sync.client import JiraDirectory, JiraError, errors

from . import data
from .data import jira_error, org_error


class Case(NamedTuple):
    status: int
    body: Any
    error: type[JiraError]
    affects: str
    retryable: bool


ROUTER = {"timestamp": "t", "path": "/p", "status": 503, "error": "Unavailable", "requestId": "r"}
HYSTRIX = "com.netflix.hystrix.exception.HystrixRuntimeException: AddUserToGroupsIdentityPlatform"
FORBIDDEN = (
    "An error occurred: com.atlassian.idp.client.exceptions.AuthorizationException: "
    '{"key":"forbidden","context":{"message":"user does not have the relevant permissions"}}'
)

ORGANISATION = {
    "bad request": Case(400, org_error("ADMIN-UAM-400-1"), errors.RequestRefused, "user", False),
    "inactive": Case(400, org_error("ADMIN-UAM-400-2"), errors.UserInactive, "user", False),
    "role": Case(400, org_error("ADMIN-UAM-400-3"), errors.RequestRefused, "group", False),
    "unlicensed": Case(400, org_error("ADMIN-UAM-400-4"), errors.RequestRefused, "group", False),
    "v1 limit": Case(
        400,
        org_error("ADMIN-400-32", "TOO_MANY_LICENSE_BREACHES"),
        errors.LicenceLimitReached,
        "group",
        True,
    ),
    "v1 limit in words": Case(
        400,
        org_error("ADMIN-400-99", "TOO_MANY_LICENSE_BREACHES"),
        errors.LicenceLimitReached,
        "group",
        True,
    ),
    "key": Case(401, org_error("ADMIN-UAM-401-1"), errors.KeyRefused, "site", False),
    "key, no body": Case(401, None, errors.KeyRefused, "site", False),
    "v1 scope": Case(
        401, org_error("ADMIN-401-2", "INSUFFICIENT_SCOPE"), errors.NotAllowed, "site", False
    ),
    "payment": Case(402, org_error("ADMIN-UAM-402-1"), errors.RequestRefused, "site", False),
    "forbidden": Case(403, org_error("ADMIN-UAM-403-1"), errors.NotAllowed, "site", False),
    "other org": Case(403, org_error("ADMIN-UAM-403-2"), errors.NotAllowed, "site", False),
    "v1 other org": Case(403, org_error("ADMIN-403-3"), errors.NotAllowed, "site", False),
    "v1 group": Case(403, org_error("ADMIN-403-5"), errors.NotAllowed, "group", False),
    "synced": Case(
        403,
        org_error("ADMIN-UAM-403-1", "Forbidden", "synced from an identity provider"),
        errors.GroupReadOnly,
        "group",
        False,
    ),
    "user": Case(
        404,
        org_error("ADMIN-UAM-404-1", "One or more user not found in the directory"),
        errors.UserNotFound,
        "user",
        False,
    ),
    "resource": Case(404, org_error("ADMIN-UAM-404-1"), errors.NotFound, "site", False),
    "org": Case(404, org_error("ADMIN-UAM-404-2"), errors.NotFound, "site", False),
    "group": Case(404, org_error("ADMIN-UAM-404-3"), errors.GroupNotFound, "group", False),
    "v1 user": Case(404, org_error("ADMIN-404-8"), errors.UserNotFound, "user", False),
    "v1 group gone": Case(404, org_error("ADMIN-404-10"), errors.GroupNotFound, "group", False),
    "method": Case(405, org_error("ADMIN-UAM-405-1"), errors.RequestRefused, "user", False),
    "conflict": Case(409, org_error("ADMIN-UAM-409-1"), errors.RequestRefused, "user", False),
    "limit": Case(
        409,
        org_error("ADMIN-UAM-409-3", "Product License Limit Exceeded"),
        errors.LicenceLimitReached,
        "group",
        True,
    ),
    "conflict without a code": Case(409, None, errors.RequestRefused, "user", False),
    "limit without a code": Case(
        409, "Product License Limit Exceeded", errors.LicenceLimitReached, "group", True
    ),
    "media type": Case(415, org_error("ADMIN-UAM-415-1"), errors.RequestRefused, "user", False),
    "gateway 429": Case(
        429, {"code": 429, "message": "Rate limit"}, errors.RateLimited, "site", True
    ),
    "v1 429": Case(429, org_error("ADMIN-429-1"), errors.RateLimited, "site", True),
    "server": Case(500, org_error("ADMIN-UAM-500-1"), errors.OutcomeUnknown, "site", True),
    "router": Case(503, ROUTER, errors.OutcomeUnknown, "site", True),
    "gateway": Case(502, "<html>Bad gateway</html>", errors.OutcomeUnknown, "site", True),
    "late": Case(504, None, errors.OutcomeUnknown, "site", True),
    "request timeout": Case(408, None, errors.OutcomeUnknown, "site", True),
    "redirect": Case(302, None, errors.BadAnswer, "site", True),
}

JIRA = {
    "bad request": Case(400, jira_error("Bad"), errors.RequestRefused, "user", False),
    "field": Case(
        400, {"errorMessages": [], "errors": {"accountId": "is wrong"}},
        errors.RequestRefused, "user", False,
    ),
    "licensed users": Case(
        400, jira_error("The number of licensed users exceeds the limit of your license."),
        errors.LicenceLimitReached, "group", True,
    ),
    "key": Case(401, "Client must be authenticated", errors.KeyRefused, "site", False),
    "scope": Case(
        401, {"code": 401, "message": "Unauthorized; scope does not match"},
        errors.NotAllowed, "site", False,
    ),
    "forbidden": Case(403, jira_error(FORBIDDEN), errors.NotAllowed, "site", False),
    "forbidden, no body": Case(403, None, errors.NotAllowed, "site", False),
    "user": Case(
        404, jira_error("Specified user does not exist or you do not have required permissions"),
        errors.UserNotFound, "user", False,
    ),
    "group": Case(
        404, jira_error("The group 'x' does not exist."), errors.GroupNotFound, "group", False
    ),
    "missing, no body": Case(404, None, errors.NotFound, "site", False),
    "429": Case(429, None, errors.RateLimited, "site", True),
    "no licence": Case(
        500, jira_error(f"{HYSTRIX}Command failed and no fallback available."),
        errors.LicenceLimitReached, "group", True,
    ),
    "identity service late": Case(
        500, jira_error(f"{HYSTRIX}Command timed-out and no fallback available."),
        errors.OutcomeUnknown, "site", True,
    ),
    "server": Case(500, "Internal server error", errors.OutcomeUnknown, "site", True),
}  # fmt: skip


def answer_with(http: responses.RequestsMock, url: str, case: Case) -> None:
    """Answer the change with the case."""
    if isinstance(case.body, dict):
        http.post(url, json=case.body, status=case.status)
    else:
        http.post(url, body=case.body or "", status=case.status)


def seen_by_caller(directory: JiraDirectory) -> JiraError:
    with pytest.raises(JiraError) as caught:
        directory.add_member(data.GROUP, data.ANN)
    return caught.value


def check(error: JiraError, case: Case) -> None:
    assert type(error) is case.error
    assert (error.affects, error.retryable) == (case.affects, case.retryable)
    assert error.status == case.status
    assert str(error) == error.message
    assert str(case.status) in error.detail


@pytest.mark.parametrize("name", ORGANISATION)
def test_refusal_of_the_organisations_api(
    http: responses.RequestsMock, organisation: JiraDirectory, name: str
) -> None:
    case = ORGANISATION[name]
    answer_with(http, data.MEMBERSHIPS_URL, case)
    http.get(data.GROUP_URL, status=500)
    check(seen_by_caller(organisation), case)


@pytest.mark.parametrize("name", JIRA)
def test_refusal_of_jira_rest(http: responses.RequestsMock, jira: JiraDirectory, name: str) -> None:
    case = JIRA[name]
    answer_with(http, f"{data.REST}/group/user", case)
    http.get(f"{data.REST}/group/bulk", status=500)
    http.get(f"{data.REST}/user/groups", json=[])
    if case.error is errors.LicenceLimitReached:  # confirmed by looking at membership and licences
        http.replace(
            "GET", f"{data.REST}/group/bulk", json=data.page({"groupId": data.GROUP, "name": "x"})
        )
        http.get(f"{data.REST}/applicationrole", json=[data.role(left=0)])
    check(seen_by_caller(jira), case)


def test_captcha_says_what_to_do(http: responses.RequestsMock, jira: JiraDirectory) -> None:
    headers = {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://x"}
    http.post(f"{data.REST}/group/user", status=403, headers=headers)
    error = seen_by_caller(jira)
    assert isinstance(error, errors.KeyRefused)
    assert "CAPTCHA" in error.message


def test_detail_names_request_code_and_trace_but_no_person(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    body = org_error("ADMIN-UAM-409-3", "Product License Limit Exceeded")
    http.post(data.MEMBERSHIPS_URL, json=body, status=409, headers={"atl-traceid": "abc123"})
    detail = seen_by_caller(organisation).detail
    assert "POST /v2/orgs/{org}/directories/{directory}/groups/{group}/memberships: 409" in detail
    assert "ADMIN-UAM-409-3 Product License Limit Exceeded (trace abc123)" in detail
    assert data.ANN not in detail


def all_errors() -> list[type[JiraError]]:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [value for value in found if issubclass(value, JiraError)]


@pytest.mark.parametrize("kind", all_errors())
def test_every_error_has_its_own_code_and_two_sentences(kind: type[JiraError]) -> None:
    assert [other.code for other in all_errors()].count(kind.code) == 1
    assert re.fullmatch(r"[a-z_]+", kind.code)
    assert len(re.findall(r"[.;] ?", kind.text)) >= 2, "what happened, and what to do"


def test_errors_survive_pickling() -> None:
    error = errors.RateLimited("d", retry_after=3.0, status=429)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (copy.detail, copy.retry_after, copy.status) == ("d", 3.0, 429)


def test_read_that_fails_changed_nothing(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.get(data.GROUP_URL, status=500)
    with pytest.raises(errors.JiraUnreachable):
        next(organisation.iter_members(data.GROUP))
