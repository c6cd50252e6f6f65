"""The page rules in the admin: empty means built in, and nothing dangerous gets in."""

from typing import Any

import pytest
from django.test import Client

from slots.models import LicencePool, PageRules
from slots.pages import FREE_PATHS, rules_now

pytestmark = pytest.mark.django_db
ADD = "/admin/slots/pagerules/add/"
CHANGE = "/admin/slots/pagerules/1/change/"


def written(browser: Client, path: str = ADD, **fields: str) -> Any:
    """Send the form."""
    names = (
        "free_paths",
        "free_project_types",
        "access_request_urls",
        "minimum_extension_version",
    )
    return browser.post(path, {name: fields.get(name, "") for name in names})


def test_one_row_can_be_made_and_changed_and_emptied(boss: Client, pool: LicencePool) -> None:
    assert written(boss, free_paths="^/wiki", minimum_extension_version="1.2").status_code == 302
    assert PageRules.objects.get().pk == 1
    assert rules_now().free_paths == ["^/wiki"]
    assert boss.get(ADD).status_code == 403
    assert b"1 of your own" in boss.get("/admin/slots/pagerules/").content
    assert written(boss, CHANGE).status_code == 302
    assert rules_now().free_paths == FREE_PATHS
    assert PageRules.history.count() == 2


def test_the_form_says_what_holds_while_a_field_is_empty(boss: Client) -> None:
    page = boss.get(ADD).content.decode()
    assert "Empty means what is built in" in page
    assert "^/jira/servicedesk(/|$)" in page


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("free_paths", "^/(a+)+$", "Only single characters and sets may be repeated"),
        ("free_paths", "wiki", "It must begin with ^/"),
        ("free_paths", "^/ok\n^/a{2}", "is not allowed in it"),
        ("free_project_types", "Service Desk", "is no project type"),
        ("access_request_urls", "http://id.example/join", "is no address like"),
        ("access_request_urls", "https://id.example", "is no address like"),
        ("access_request_urls", "https://u@id.example/join", "is no address like"),
        ("access_request_urls", "https://[/join", "is no address like"),
        ("minimum_extension_version", "one", "Write a version like"),
        ("minimum_extension_version", "1.0 chrome", "Write a version like"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_reason(
    boss: Client, field: str, text: str, message: str
) -> None:
    answer = written(boss, **{field: text})
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert not PageRules.objects.exists()
