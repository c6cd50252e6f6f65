"""The company's look on the queue page: whose applies, in which language, and how it is handed out."""

from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.translation import override

from ium.directory.models import User
from slots.models import LicencePool, QueueBranding
from slots.queue_page.look import digest_of, logo_text, look_of
from slots.queue_page.pictures import checked_picture
from tests.pictures import png
from tests.queue_page.conftest import browser_of, text_of

pytestmark = pytest.mark.django_db


def with_logo(**fields: Any) -> QueueBranding:
    """Store a look with a picture."""
    picture = checked_picture(png())
    return QueueBranding.objects.create(
        logo=logo_text(picture.data),
        logo_type=picture.kind,
        logo_digest=digest_of(picture.data),
        **fields,
    )


def test_without_any_the_page_is_iums_own(person: User, pool: LicencePool) -> None:
    html = browser_of(person).get("/queue/").content.decode()

    assert "/queue/colours/" not in html
    assert 'class="help" href="/help/"' in html
    assert "Not connected \N{EN DASH} IUM</title>" in html


def test_the_page_says_and_shows_what_the_company_wants(person: User, pool: LicencePool) -> None:
    branding = with_logo(
        pool=pool,
        texts={"en-gb": {"title": "Acme <Jira>", "message": "Ask **Bob**"}},
        colour="#008800",
        help_url="https://acme.example/help",
    )

    page = browser_of(person).get("/queue/")
    html = page.content.decode()

    assert "Not connected \N{EN DASH} Acme &lt;Jira&gt;</title>" in html
    assert "<strong>Bob</strong>" in html
    assert f'src="/queue/logo/{branding.pk}/{branding.logo_digest}"' in html
    assert 'href="/queue/colours/008800-008800.css"' in html
    assert 'href="https://acme.example/help"' in html
    assert "Get help" in text_of(page)


def test_a_pools_own_comes_first_and_the_one_for_all_fills_its_gaps(pool: LicencePool) -> None:
    with_logo(
        pool=None,
        texts={"en-gb": {"title": "Everybody", "message": "For all"}},
        colour="#112233",
        help_url="https://all.example",
    )
    QueueBranding.objects.create(pool=pool, texts={"en-gb": {"message": "For us"}})

    own, others = look_of(pool), look_of(None)

    assert (own.title, own.help_url) == ("Everybody", "https://all.example")
    assert "For us" in own.message
    assert own.logo_url == others.logo_url != ""
    assert "For all" in others.message


def test_another_language_is_better_than_silence(pool: LicencePool) -> None:
    branding = QueueBranding.objects.create(texts={"de": {"message": "Hallo"}})
    assert "Hallo" in look_of(pool).message

    branding.texts["en-gb"] = {"message": "Hello"}
    branding.save()

    assert "Hello" in look_of(pool).message
    with override("de"):
        assert "Hallo" in look_of(pool).message


@pytest.mark.parametrize("whose", ["all", "pool"])
def test_there_is_one_for_all_and_one_for_each_pool(pool: LicencePool, whose: str) -> None:
    of = pool if whose == "pool" else None
    QueueBranding.objects.create(pool=of)
    with pytest.raises(IntegrityError), transaction.atomic():
        QueueBranding.objects.create(pool=of)


def test_the_logo_is_a_picture_for_every_browser_and_nothing_else(db: None) -> None:
    branding = with_logo()

    answer = Client().get(f"/queue/logo/{branding.pk}/{branding.logo_digest}")

    assert answer.content == png()
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_an_address_of_another_logo_is_no_logo(db: None) -> None:
    branding = with_logo()
    assert Client().get(f"/queue/logo/{branding.pk}/{'0' * 16}").status_code == 404
    QueueBranding.objects.update(logo="", logo_digest="")
    assert Client().get(f"/queue/logo/{branding.pk}/{branding.logo_digest}").status_code == 404


def test_the_colours_are_a_style_sheet_without_a_question_to_the_database(
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/queue/colours/0b5fcc-8ebcff.css")

    assert answer["Content-Type"] == "text/css"
    assert "--accent: light-dark(#0b5fcc, #8ebcff);" in answer.content.decode()
    assert "immutable" in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["0b5fcc", "red-red", "0b5fcc-0123456789abcdef", "0B5FCC-0B5FCC"])
def test_other_colours_are_not_found(name: str) -> None:
    assert Client().get(f"/queue/colours/{name}.css").status_code == 404


def test_messages_of_earlier_versions_go_on_being_said_as_they_were(pool: LicencePool) -> None:
    pool.queue_message = "Call *4711* [now]\n<b>or</b> write_to_us\\"
    pool.save()
    migration = import_module("slots.migrations.0009_queue_branding")

    migration.take_over_messages(apps, None)

    text = unescape(look_of(pool).message)
    assert text == "<p>Call *4711* [now]<br>\n<b>or</b> write_to_us\\</p>\n"
    with override("de"):
        assert unescape(look_of(pool).message) == text
