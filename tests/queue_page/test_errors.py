"""Error pages look like the others and say what to do."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.queue_page.conftest import text_of

pytestmark = pytest.mark.django_db


def test_an_unknown_address(db: None) -> None:
    page = Client().get("/nothing/here")

    assert page.status_code == 404
    assert "This page does not exist" in text_of(page)


def test_a_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("ium.sign_in.pages.own_page", broken)

    page = Client(raise_request_exception=False).get("/sign-in/")

    assert page.status_code == 500
    assert "Something went wrong" in text_of(page)


def test_the_page_for_faults_needs_neither_database_nor_static_files(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }

    assert "Something went wrong" in render_to_string("500.html")
