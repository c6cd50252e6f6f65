"""The API's description is valid, complete, and the one in docs/openapi.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

REPORTS = ("use", "waits", "sessions", "coverage")
DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The description as the code has it; any warning is an error."""
    path = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path))
    return path.read_text()


def test_the_description_in_docs_is_the_one_of_the_code(generated: str) -> None:
    assert DOCUMENT.read_text() == generated, (
        "Run ./ium.sh manage spectacular --validate --fail-on-warn --file docs/openapi.yaml"
    )


def test_every_call_of_the_contract_is_described(generated: str) -> None:
    paths: dict[str, Any] = yaml.safe_load(generated)["paths"]
    calls = {(path, method) for path, methods in paths.items() for method in methods}
    assert calls == {
        ("/api/v1/slot", "get"),
        ("/api/v1/slot", "post"),
        ("/api/v1/slot", "delete"),
        ("/api/v1/activity", "post"),
        ("/api/v1/config", "get"),
        *((f"/api/v1/reports/{name}", "get") for name in REPORTS),
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_the_description_can_be_read_without_signing_in(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
