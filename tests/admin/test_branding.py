"""The look of the queue page in the admin: what is refused, what is corrected, and the preview."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from slots.models import LicencePool, QueueBranding
from tests.admin.conftest import signed_in, staff
from tests.pictures import chunk, png

pytestmark = pytest.mark.django_db
ADD = "admin:slots_queuebranding_add"
PREVIEW = "admin:slots_queuebranding_preview"


def add(client: Client, **fields: Any) -> Any:
    """Send the form for a new look."""
    return client.post(reverse(ADD), fields)


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors; empty when it was saved."""
    if response.status_code == 302:
        return {}
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def picture(data: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    """Return an upload."""
    return SimpleUploadedFile(name, data, content_type="image/png")


def test_texts_are_stored_by_language(boss: Client, pool: LicencePool) -> None:
    found = errors(
        add(boss, pool=pool.pk, title_de="Acme", message_de="Hallo", message_en_gb=" Hello ")
    )

    assert found == {}
    assert QueueBranding.objects.get().texts == {
        "de": {"title": "Acme", "message": "Hallo"},
        "en-gb": {"message": "Hello"},
    }


def test_a_stored_look_can_be_read_and_changed(boss: Client, pool: LicencePool) -> None:
    row = QueueBranding.objects.create(texts={"de": {"message": "Hallo"}, "fr": {"title": "Ici"}})
    page = reverse("admin:slots_queuebranding_change", args=[row.pk])
    assert "Hallo" in boss.get(page).content.decode()

    boss.post(page, {"message_de": "Moin"})

    row.refresh_from_db()
    assert row.texts == {"de": {"message": "Moin"}, "fr": {"title": "Ici"}}


def test_a_logo_is_cleaned_kept_and_removed(boss: Client) -> None:
    add(boss, logo_file=picture(png(extra=chunk(b"tEXt", b"Author\0me"))))
    row = QueueBranding.objects.get()
    assert boss.get(f"/queue/logo/{row.pk}/{row.logo_digest}").content == png()

    page = reverse("admin:slots_queuebranding_change", args=[row.pk])
    boss.post(page, {"title_de": "Acme"})
    row.refresh_from_db()
    assert row.logo

    boss.post(page, {"logo_remove": "on"})
    row.refresh_from_db()
    assert (row.logo, row.logo_type, row.logo_digest) == ("", "", "")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("help_url", "javascript:alert(1)", "Enter a whole address"),
        ("help_url", "acme.example", "Enter a whole address"),
        ("colour", "red", "Enter a colour"),
        ("colour", "#fff", "Enter a colour"),
        ("dark_colour", "#0b5fcc", "Choose the colour for light first."),
        ("logo_file", picture(b"<svg onload='x'/>", "logo.png"), "save it as PNG"),
        ("logo_file", picture(png() + b"0" * 300_000), "at most 256 KiB"),
        ("message_de", "x" * 4001, "at most 4000"),
        ("title_de", "x" * 81, "at most 80"),
    ],
)
def test_what_cannot_be_used_is_refused_with_advice(
    boss: Client, field: str, value: Any, text: str
) -> None:
    found = errors(add(boss, **{field: value}))

    assert text in str(found)
    assert not QueueBranding.objects.exists()


def test_there_is_one_look_for_all_pools(boss: Client, pool: LicencePool) -> None:
    QueueBranding.objects.create()

    assert errors(add(boss, title_de="Acme"))["pool"] == [
        "There is a look for all pools already. Change that one."
    ]
    assert errors(add(boss, pool=pool.pk)) == {}
    assert "pool" in errors(add(boss, pool=pool.pk))


def test_a_colour_that_cannot_be_read_is_kept_and_corrected_with_a_message(boss: Client) -> None:
    response = add(boss, colour="#FFDD00")

    said = " ".join(str(message) for message in get_messages(response.wsgi_request))
    assert "On light pages text in #ffdd00 could not be read well" in said
    assert "dark pages" not in said
    assert QueueBranding.objects.get().colour == "#ffdd00"


def test_the_preview_draws_the_unsaved_form_in_every_language(boss: Client) -> None:
    answer = boss.post(
        reverse(PREVIEW),
        {
            "title_de": "Acme <b>",
            "message_de": "**Hallo**",
            "message_en_gb": "Hello <script>",
            "colour": "#ffdd00",
            "logo_file": picture(png()),
        },
    ).json()

    assert "<strong>Hallo</strong>" in answer["html"]
    assert "Hello &lt;script&gt;" in answer["html"]
    assert "Acme &lt;b&gt;" in answer["html"]
    assert 'lang="de"' in answer["html"]
    assert 'lang="en"' in answer["html"]
    assert "data:image/png;base64," in answer["html"]
    assert "--accent: light-dark(" in answer["style"]
    assert answer["problems"] == []
    assert len(answer["notices"]) == 1
    assert not QueueBranding.objects.exists()


def test_the_preview_says_what_is_wrong_and_shows_the_rest(boss: Client) -> None:
    answer = boss.post(reverse(PREVIEW), {"message_de": "Hallo", "help_url": "nowhere"}).json()

    assert "Enter a whole address" in answer["problems"][0]
    assert "Hallo" in answer["html"]
    assert "nowhere" not in answer["html"]


def test_the_preview_fills_gaps_as_the_page_does(boss: Client, pool: LicencePool) -> None:
    QueueBranding.objects.create(texts={"de": {"title": "For all"}}, colour="#112233")

    answer = boss.post(reverse(PREVIEW), {"pool": pool.pk, "message_de": "Hallo"}).json()

    assert "For all" in answer["html"]
    assert "#112233" in answer["style"]


@pytest.mark.parametrize("row", ["1", "x", "-1", "9" * 30, ""])
def test_the_preview_of_a_row_that_is_not_there_is_that_of_a_new_one(
    boss: Client, row: str
) -> None:
    assert boss.post(f"{reverse(PREVIEW)}?row={row}", {}).status_code == 200


def test_who_may_only_look_restores_nothing(boss: Client, pool: LicencePool) -> None:
    """simple_history itself asks for no more than the right to look."""
    add(boss, pool=pool.pk, title_de="Before")
    row = QueueBranding.objects.get()
    version = row.history.first()
    page = reverse("admin:slots_queuebranding_simple_history", args=[row.pk, version.pk])
    viewer = signed_in(staff("vera", "slots.view_queuebranding"))

    assert viewer.get(page).status_code == 200
    assert viewer.post(page, {"title_de": "After"}).status_code == 403
    row.refresh_from_db()
    assert row.texts == {"de": {"title": "Before"}}
