"""The pages for files of past activity and for how long records are kept."""

# mypy: allow-untyped-calls

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ium.directory.models import User
from ium.usage.models import ActivitySpan, Import, Retention
from slots.models import LicencePool
from tests.factories import PoolFactory

GOOD = b"person,start,end\nann,2026-10-05T09:00,2026-10-05T10:00\nben,2026-10-05T09:30,2026-10-05T09:40\n"
BAD = b"person,start,end\nann,2026-10-05T09:00,2026-10-05T10:00\n<b>,nonsense,2026-10-05T09:40\n"
PAGE = "/admin/usage/import/add/"
LIST = "/admin/usage/import/"


@pytest.fixture
def pool(db: None) -> LicencePool:
    """The only pool."""
    created: LicencePool = PoolFactory.create()
    return created


@pytest.fixture
def root(client: Client, db: None) -> Client:
    """An administrator's browser."""
    user = User.objects.create_superuser(username="root", password="x", account_id=None)
    client.force_login(user)
    return client


def send(browser: Client, pool: LicencePool, content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("past.csv", content, content_type="text/csv")
    return browser.post(PAGE, {"pool": pool.pk, "time_zone": "UTC", "file": file, **more})


def test_a_file_is_only_looked_at_until_the_box_is_ticked(root: Client, pool: LicencePool) -> None:
    answer = send(root, pool, GOOD)
    assert "People: 2. Spans of activity: 2." in answer.content.decode()
    assert not Import.objects.exists()

    assert send(root, pool, GOOD, write="on").status_code == 302

    file = Import.objects.get()
    assert (file.people, file.created_by) == (2, User.objects.get(username="root"))
    assert "past.csv" in root.get(LIST).content.decode()


def test_every_bad_line_is_told_and_nothing_is_taken_in(root: Client, pool: LicencePool) -> None:
    page = send(root, pool, BAD, write="on").content.decode()
    assert "<td>3</td>" in page
    assert "Nothing was imported: 1 lines cannot be read." in page
    assert "<td><b></td>" not in page
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("content", "more", "told"),
    [
        (GOOD, {"time_zone": "Mars/Olympus"}, "is no time zone"),
        (b"\xff\xfe\x00", {}, "errorlist"),
        (b"name\nann\n", {}, "errorlist"),
        (b"", {}, "errorlist"),
    ],
    ids=["zone", "no text", "columns", "empty"],
)
def test_what_cannot_be_read_at_all_is_told_at_the_form(
    root: Client, pool: LicencePool, content: bytes, more: dict[str, str], told: str
) -> None:
    answer = send(root, pool, content, **more)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Import.objects.exists()


def test_an_import_is_taken_out_from_the_list(root: Client, pool: LicencePool) -> None:
    send(root, pool, GOOD, write="on")
    assert ActivitySpan.objects.count() == 2
    form = {"action": "take_out_selected", "_selected_action": Import.objects.get().pk}
    answer = root.post(LIST, form, follow=True)
    assert "1 import was taken out." in answer.content.decode()
    assert not ActivitySpan.objects.exists()
    assert Import.objects.get().taken_out_at is not None


def test_the_retention_is_one_row_found_behind_its_list(root: Client) -> None:
    page = "/admin/usage/retention/"
    assert root.get(page)["Location"] == f"{page}add/"
    days = {
        "span_days": 30,
        "stay_days": 90,
        "interval_days": 90,
        "hour_days": 400,
        "day_days": 900,
    }
    assert root.post(f"{page}add/", days).status_code == 302
    assert Retention.objects.get(pk=1).span_days == 30
    assert root.get(page)["Location"] == f"{page}1/change/"
    assert root.get(f"{page}add/").status_code == 403
    refused = root.post(f"{page}1/change/", {**days, "span_days": 1})
    assert "greater than or equal to 7" in refused.content.decode()
