"""Checks requests against Atlassian's descriptions in tests/specs."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from requests import PreparedRequest

SPECS = Path(__file__).parents[2] / "specs"


class Description(NamedTuple):
    """One of Atlassian's descriptions, the host it is written for, and what checks against it."""

    host: str
    paths: dict[str, Any]
    spec: OpenAPI


@cache
def _description(file: str, host: str) -> Description:
    document = yaml.load((SPECS / file).read_text(), yaml.CSafeLoader)  # JSON is YAML too
    return Description(host, document["paths"], OpenAPI.from_dict(document))


def _for(path: str) -> Description:
    if path.startswith("/admin/"):
        return _description("organizations-v2.openapi.yaml", "https://api.atlassian.com")
    return _description("jira-platform-v3.subset.json", "https://your-domain.atlassian.net")


class _Described(RequestsOpenAPIRequest):
    """A request as if it went to the host in the description."""

    def __init__(self, request: PreparedRequest, host: str) -> None:
        super().__init__(request)
        self._host = host

    @property
    def host_url(self) -> str:
        return self._host

    @property
    def path(self) -> str:
        return re.sub(r"^/ex/jira/[^/]+", "", str(self._url_parsed.path))


def check(request: PreparedRequest) -> None:
    """Fail unless the description knows this request: path, method, parameters, body, key."""
    path = str(request.path_url)
    if path == "/_edge/tenant_info":  # not part of any description (jira-api.md section 4)
        return
    description = _for(path)
    described = _Described(request, description.host)
    description.spec.validate_request(described)
    _check_parameter_names(description, described, request.method or "")


def _check_parameter_names(description: Description, request: _Described, method: str) -> None:
    """openapi-core lets unknown query parameters pass; a misspelt one must not."""
    path = request.path.removeprefix("/admin")
    items = [item for pattern, item in description.paths.items() if _fits(pattern, path)]
    known = {name for item in items for name in _query_names(item, method)}
    unknown = set(request.parameters.query) - known
    assert not unknown, f"{method} {path} knows no parameter {sorted(unknown)}"


def _fits(pattern: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path) is not None


def _query_names(item: dict[str, Any], method: str) -> set[str]:
    listed = [*item.get("parameters", []), *item.get(method.lower(), {}).get("parameters", [])]
    return {entry.get("name") or entry["$ref"].rsplit("/", 1)[-1] for entry in listed}
