"""The page for everybody: the manual's own, where queue page and extension lead to."""

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from ium.help_page import help_html
from slots.api.config import config_document
from slots.models import QueueBranding

PAGES = settings.BASE_DIR / "docs" / "users"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en-GB", "Jira with a shared licence"), ("de", "Jira mit geteilter Lizenz")],
)
def test_anybody_reads_it_in_their_language(client: Client, language: str, heading: str) -> None:
    answer = client.get("/help/", headers={"Accept-Language": language})

    assert answer.status_code == 200
    html = answer.content.decode()
    assert f"<h1>{heading}</h1>" in html
    assert f'<html lang="{language.lower()}">' in html
    assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["en", "de"])
def test_its_pictures_are_among_the_static_files(name: str) -> None:
    html = help_html(PAGES / f"{name}.md")

    for picture in (PAGES / "images").glob(f"*.{name}.png"):
        assert finders.find(f"help/{picture.name}")
        assert f'src="/static/help/{picture.name}"' in html
    assert html.count("<img ") == len(list((PAGES / "images").glob(f"*.{name}.png")))
    assert "](" not in html
    assert "|--" not in html


def test_the_help_of_the_company_is_offered_first(client: Client) -> None:
    assert b"The help of your company" not in client.get("/help/").content

    QueueBranding.objects.create(help_url="https://acme.example/help")

    html = client.get("/help/").content.decode()
    assert html.index('href="https://acme.example/help"') < html.index("<h1>")


def test_the_extension_is_told_where_it_is() -> None:
    assert config_document(None)["help_url"] == f"{settings.IUM_URL}/help/"
