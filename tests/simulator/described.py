"""Clients that hold every request and every answer against the descriptions in tests/specs."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import requests
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.responses.exceptions import ResponseNotFound
from requests.auth import AuthBase

from jira_sync.simulator import credentials

SPECS = Path(__file__).parents[1] / "specs"
JIRA_SPEC = "jira-platform-v3.subset.json"
ORGANISATIONS_SPEC = "organizations-v2.openapi.yaml"


@cache
def _document(name: str) -> str:
    text = (SPECS / name).read_text(encoding="utf-8")
    return text if name.endswith(".json") else json.dumps(yaml.safe_load(text), default=str)


@cache
def _description(name: str, address: str) -> OpenAPI:
    """A description with the simulator's address, mended where its own words or examples break it."""
    document = json.loads(_document(name)) | {"servers": [{"url": address}]}
    schemas = document["components"]["schemas"]
    if "ErrorCollections" in schemas:  # described as an object without any property
        schemas["ErrorCollections"] = schemas["ErrorCollection"]
    if name == ORGANISATIONS_SPEC:  # "open set" by its own description
        del schemas["Error"]["properties"]["errors"]["items"]["properties"]["code"]["enum"]
    return OpenAPI.from_dict(
        document, config=Config(extra_format_validators={"date-time": _is_date_time})
    )


def _is_date_time(value: object) -> bool:
    """Jira writes "+0000" where RFC 3339 wants "+00:00"; Python reads both."""
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


class Bearer(AuthBase):
    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.key}"
        return request


class DescribedClient:
    """Sends requests and validates them; ``wrong=True`` sends one that breaks the description on purpose."""

    def __init__(self, url: str, spec: str, auth: Any, server: str) -> None:
        self.base, self.auth = url + server, auth
        self._api = _description(spec, url + server)
        self.session = requests.Session()

    def call(
        self, method: str, path: str, *, wrong: bool = False, auth: Any = None, **rest: Any
    ) -> requests.Response:
        prepared = self.session.prepare_request(
            requests.Request(method, self.base + path, auth=auth or self.auth, **rest)
        )
        answer = self.session.send(prepared, timeout=10, allow_redirects=False)
        self._validate(prepared, answer, wrong=wrong)
        return answer

    def _validate(
        self, prepared: requests.PreparedRequest, answer: requests.Response, *, wrong: bool
    ) -> None:
        request = RequestsOpenAPIRequest(prepared)
        if not wrong:
            self._unless_undescribed(lambda: self._api.validate_request(request))
        response = RequestsOpenAPIResponse(answer)
        self._unless_undescribed(lambda: self._api.validate_response(request, response), answer)

    def _unless_undescribed(self, validate: Any, answer: requests.Response | None = None) -> None:
        """Paths outside the descriptions pass; so do failures, for which few statuses are described."""
        try:
            validate()
        except PathError:
            return
        except ResponseNotFound:
            assert answer is not None
            assert answer.status_code >= 400, answer.text


class JiraClient(DescribedClient):
    """Jira REST v3 as the site administrator, or as whoever is named."""

    def __init__(
        self,
        url: str,
        token: str = credentials.ADMIN_TOKEN,
        email: str = credentials.ADMIN_EMAIL,
        prefix: str = "",
    ) -> None:
        super().__init__(url, JIRA_SPEC, (email, token), prefix)

    def get(self, path: str, **rest: Any) -> requests.Response:
        return self.call("GET", f"/rest/api/3/{path}", **rest)

    def add(self, group_id: str, account_id: str, **rest: Any) -> requests.Response:
        parameters = {"groupId": group_id}
        body = {"accountId": account_id}
        return self.call("POST", "/rest/api/3/group/user", params=parameters, json=body, **rest)

    def remove(self, group_id: str, account_id: str, **rest: Any) -> requests.Response:
        parameters = {"groupId": group_id, "accountId": account_id}
        return self.call("DELETE", "/rest/api/3/group/user", params=parameters, **rest)


class OrganisationClient(DescribedClient):
    """The Organizations API with an organization API key."""

    def __init__(self, url: str, key: str = credentials.ORG_KEY) -> None:
        super().__init__(url, ORGANISATIONS_SPEC, Bearer(key), "/admin")
        self.org = f"/v2/orgs/{credentials.ORG_ID}"
        self.directory = f"{self.org}/directories/{credentials.DIRECTORY_ID}"

    def get(self, path: str, **rest: Any) -> requests.Response:
        return self.call("GET", path, **rest)

    def post(self, path: str, body: Any = None, **rest: Any) -> requests.Response:
        return self.call("POST", path, json=body, **rest)

    def add(self, group_id: str, account_id: str, **rest: Any) -> requests.Response:
        return self.post(
            f"{self.directory}/groups/{group_id}/memberships", {"accountId": account_id}, **rest
        )

    def remove(self, group_id: str, account_id: str) -> requests.Response:
        return self.call("DELETE", f"{self.directory}/groups/{group_id}/memberships/{account_id}")

    def search(self, what: str, **body: Any) -> dict[str, Any]:
        answer = self.post(f"{self.directory}/{what}/search", body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def code(answer: requests.Response) -> str:
    """The code of an Organizations API refusal, whose envelope must be complete."""
    (error,) = answer.json()["errors"]
    assert set(error) == {"id", "status", "code", "title", "detail"}
    assert error["status"] == str(answer.status_code)
    return str(error["code"])
