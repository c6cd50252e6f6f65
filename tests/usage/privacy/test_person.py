"""One person's data: everything of it can be saved, and nothing of it is left after deleting."""

import json
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.urls import reverse

from ium.backup.tables import all_tables, columns_of
from ium.directory.models import Device, User
from ium.lib.errors import Refused
from ium.lib.fields import EncryptedTextField
from ium.usage.privacy.erasing import person_erase
from ium.usage.privacy.exporting import person_document, person_export
from ium.usage.privacy.tables import COPIES, FATES, NOT_PERSONAL, THROUGH, places, references
from jira_sync.models import EntryAction, Finding, SyncEntry, SyncRun
from slots.models import Event, JournalEntry, LicencePool, QueueEntry, SlotSession
from slots.services import slot_release
from tests.admin.conftest import signed_in, staff
from tests.backup.life import fill
from tests.conftest import Now
from tests.factories import AT, FakeJira, active, events_of, token_for, waiting

pytestmark = pytest.mark.django_db
NAME, MAIL, ACCOUNT = "Gracie Hopperton", "gracie@example.com", "712020:gracie-account"


@pytest.fixture
def grace(pool: LicencePool, utc_now: Now, intake: None, jira: FakeJira) -> User:
    """Somebody who did everything that one can do, and has no slot any more."""
    user = jira.holder(pool, AT, display_name=NAME, email=MAIL, account_id=ACCOUNT)
    active(user, pool, AT)
    token_for(user)
    slot_release(user=user, pool=pool, at=AT)
    jira.settle(AT)
    run = SyncRun.objects.create(pool=pool, started_at=AT)
    SyncEntry.objects.create(
        run=run, account_id=ACCOUNT, name=NAME, action=EntryAction.values[0], details=NAME
    )
    Finding.objects.create(
        code="x", severity="warning", what=f"{NAME} has another licence", why="", fix="",
        first_seen_at=AT, last_seen_at=AT,
    )  # fmt: skip
    LogEntry.objects.create(
        user=staff("otto"), content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk), object_repr=NAME, action_flag=CHANGE,
    )  # fmt: skip
    user.refresh_from_db()
    return user


def found_anywhere(text: str) -> list[str]:
    """Return every column of every table that holds this text."""
    found = []
    for model in all_tables():
        for field in columns_of(model):
            if isinstance(field, EncryptedTextField):
                continue
            name, table = connection.ops.quote_name, model._meta.db_table
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT count(*) FROM {name(table)} WHERE CAST({name(field.column or '')} AS text) LIKE %s",  # noqa: S608
                    [f"%{text}%"],
                )
                if cursor.fetchone()[0]:
                    found.append(f"{table}.{field.column}")
    return found


def test_for_every_table_that_refers_to_people_somebody_decided_what_becomes_of_it() -> None:
    known = {f"{model._meta.label}.{field}" for model, field in references()}
    through = {f"{label}.{lookup}" for label, lookup in THROUGH.items()}
    assert known | through == set(FATES), "decide, then name it in ium/usage/privacy/tables.py"


def test_tables_that_refer_to_those_are_personal_too_or_somebody_said_why_not() -> None:
    personal = {model for model, _field in references()}
    behind = {
        model._meta.label
        for model in all_tables()
        for field in model._meta.concrete_fields
        if field.related_model in personal
    }
    assert behind == set(THROUGH) | NOT_PERSONAL


def test_tables_with_an_account_id_of_their_own_are_known() -> None:
    columns = ("account_id", "display_name", "email")
    copies = {
        model._meta.label
        for model in all_tables()
        if model is not User and any(field.name in columns for field in columns_of(model))
    }
    # allauth's table of addresses stays empty and refers to people anyhow.
    assert copies - {"account.EmailAddress"} == set(COPIES)


def test_an_export_has_rows_of_every_table() -> None:
    fill()
    missing = []
    for place in places():
        row = place.model._base_manager.exclude(**{f"{place.lookup.split('__')[0]}": None}).first()
        if row is None or place.by_account_id:
            continue
        target: Any = row
        for step in place.lookup.split("__"):
            target = getattr(target, step)
        if place.name not in person_document(target, AT)["tables"]:
            missing.append(place.name)
    assert not missing


def test_the_export_is_one_document_without_secrets_and_in_the_journal(grace: User) -> None:
    actor = User.objects.get(username="otto")
    document = json.loads(person_export(user=grace, at=AT, actor=actor))
    assert document["person"]["display_name"] == NAME
    assert "password" not in document["person"]
    [device] = document["tables"]["directory.Device.user"]
    assert device["label"] == "Firefox"
    assert "token_hash" not in device
    assert Device.objects.get().token_hash not in json.dumps(document)
    assert document["tables"]["jira_sync.SyncEntry.account_id"][0]["name"] == NAME
    assert len(document["tables"]["slots.JournalEntry.user"]) == len(events_of(grace)) - 1
    entry = JournalEntry.objects.latest("pk")
    assert (entry.event, entry.user, entry.actor) == (Event.DATA_EXPORTED, grace, actor)


def test_after_deleting_nothing_names_the_person_in_any_table(grace: User) -> None:
    assert {table.split(".")[0] for table in found_anywhere(NAME)} >= {
        "directory_user", "jira_sync_syncentry", "jira_sync_finding", "django_admin_log"
    }  # fmt: skip
    assert person_erase(user_id=grace.pk, at=AT, actor=User.objects.get(username="otto"))
    for text in (NAME, MAIL, ACCOUNT):
        assert found_anywhere(text) == []


def test_the_journal_stays_as_it_was_and_leads_to_nobody(grace: User) -> None:
    before = list(JournalEntry.objects.order_by("pk").values())
    stays, waits = SlotSession.objects.count(), QueueEntry.objects.count()
    person_erase(user_id=grace.pk, at=AT)
    after = list(JournalEntry.objects.order_by("pk").values())
    assert after[: len(before)] == before
    assert [entry["event"] for entry in after[len(before) :]] == [Event.PERSON_ERASED]
    assert (SlotSession.objects.count(), QueueEntry.objects.count()) == (stays, waits)
    grace.refresh_from_db()
    assert str(grace) == f"erased-{grace.pk}"
    assert not grace.is_active
    assert not grace.has_usable_password()


def test_deleting_twice_is_harmless(grace: User) -> None:
    assert person_erase(user_id=grace.pk, at=AT)
    assert not person_erase(user_id=grace.pk, at=AT)


def test_somebody_with_a_slot_cannot_be_forgotten(
    pool: LicencePool, jira: FakeJira, intake: None
) -> None:
    user = jira.holder(pool, AT, display_name=NAME)
    with pytest.raises(Refused, match="Take it back first"):
        person_erase(user_id=user.pk, at=AT)
    user.refresh_from_db()
    assert user.display_name == NAME


def test_an_open_wait_ends(pool: LicencePool, intake: None) -> None:
    LicencePool.objects.update(assigned_licences=0)
    pool.slots.all().delete()
    user = waiting(pool, AT)
    person_erase(user_id=user.pk, at=AT)
    assert QueueEntry.objects.get(user=user).close_reason == "removed"


def test_somebody_who_may_use_the_admin_loses_that_first(grace: User) -> None:
    User.objects.filter(pk=grace.pk).update(is_staff=True)
    with pytest.raises(Refused, match="Take the rights away first"):
        person_erase(user_id=grace.pk, at=AT)


def page(name: str, user: User) -> str:
    """Return the address of a page about a person."""
    return reverse(f"admin:usage_person_{name}", args=[user.pk])


@pytest.fixture
def officer(grace: User) -> Client:
    """Staff with the one right that this needs."""
    return signed_in(staff("dora", "usage.handle_personal_data", "usage.view_personaldata"))


def test_the_page_shows_what_is_stored_and_what_becomes_of_it(officer: Client, grace: User) -> None:
    shown = officer.get(page("data", grace)).content.decode()
    for text in (NAME, "devices", "removed", "says nothing about a person any more"):
        assert text in shown
    assert "still in a user group" in shown


def test_saving_and_deleting_by_the_page(officer: Client, grace: User) -> None:
    saved = officer.post(page("export", grace))
    assert saved["Content-Disposition"].startswith("attachment")
    assert json.loads(saved.content)["person"]["email"] == MAIL
    officer.post(page("erase", grace))
    assert User.objects.get(pk=grace.pk).display_name == NAME, "the box was not ticked"
    assert officer.post(page("erase", grace), {"sure": "yes"}).status_code == 302
    assert User.objects.get(pk=grace.pk).display_name == ""
    assert officer.get(page("data", grace)).status_code == 404


def test_without_the_right_nothing_of_it_works(grace: User) -> None:
    other = signed_in(staff("sam", "usage.view_personaldata", "directory.change_user"))
    for name, method in (("data", "get"), ("export", "post"), ("erase", "post")):
        answer = getattr(other, method)(page(name, grace), {"sure": "yes"})
        assert answer.status_code == 403
    assert User.objects.get(pk=grace.pk).display_name == NAME


@pytest.mark.parametrize("name", ["export", "erase"])
def test_a_link_alone_does_nothing(officer: Client, grace: User, name: str) -> None:
    assert officer.get(page(name, grace), {"sure": "yes"}).status_code == 405
