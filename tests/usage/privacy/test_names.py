"""Names in what was recorded: pseudonyms until somebody with the right asks, and that is in the journal."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ium.directory.models import User
from ium.usage.privacy import pseudonym
from slots.models import Event, JournalEntry, LicencePool, SlotSession
from slots.sentences import sentence
from tests.admin.conftest import signed_in, staff
from tests.conftest import Now
from tests.factories import AT, holder

pytestmark = pytest.mark.django_db
LISTS = ("journalentry", "handover", "slotsession", "waitestimate")
DIALOG = {"_form_submitted": "on"}


@pytest.fixture
def grace(pool: LicencePool) -> User:
    """Somebody who was given a slot, and whose stay ended once before."""
    user = holder(pool, display_name="Grace", email="grace@example.com")
    SlotSession.objects.create(
        pool=pool, user=user, granted_at=AT, ended_at=AT, loss_reason="sweep", waited_seconds=1
    )
    return user


@pytest.fixture
def reader(pool: LicencePool) -> Client:
    """Staff who may look at journal and sessions, and not at names."""
    rights = ("slots.view_journalentry", "slots.view_slotsession", "slots.view_waitestimate")
    return signed_in(staff("rita", *rights))


@pytest.fixture
def chief(pool: LicencePool) -> Client:
    """An administrator with all rights."""
    return signed_in(User.objects.create_superuser("ada", "x", display_name="Ada Admin"))


def page(client: Client, model: str, **query: str) -> str:
    """Return a list of the admin."""
    return client.get(reverse(f"admin:slots_{model}_changelist"), query).content.decode()


def ask(client: Client, model: str = "journalentry", name: str = "show_names") -> int:
    """Press "Show names"."""
    return client.post(reverse(f"admin:slots_{model}_{name}"), DIALOG).status_code


def saved(client: Client, model: str, action: str) -> list[list[str]]:
    """Return the lines of an export of everything."""
    form = {"action": action, "_selected_action": ["1"], "select_across": "1", "index": 0}
    answer: Any = client.post(reverse(f"admin:slots_{model}_changelist"), form)
    if not answer.streaming:
        return []
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_pseudonym_is_stable_and_different_for_everybody() -> None:
    assert pseudonym(7) == pseudonym(7)
    assert len({pseudonym(number) for number in range(20_000)}) == 20_000
    assert pseudonym(7).startswith("P-")
    assert len(pseudonym(7)) == 13


def test_another_key_makes_other_pseudonyms_and_the_same_key_the_same(settings: Any) -> None:
    settings.IUM_PSEUDONYM_KEY = "one key of enough characters"
    first = pseudonym(7)
    settings.SECRET_KEY = "another secret key"
    assert pseudonym(7) == first, "the secret key may change without it"
    settings.IUM_PSEUDONYM_KEY = "another key of enough characters"
    assert pseudonym(7) != first


def test_nobody_can_work_a_pseudonym_out_without_the_key(settings: Any) -> None:
    settings.IUM_PSEUDONYM_KEY = "one key"
    with_key = {pseudonym(number) for number in range(500)}
    settings.IUM_PSEUDONYM_KEY = "a guess"
    assert not with_key & {pseudonym(number) for number in range(500)}


@pytest.mark.parametrize("model", LISTS)
def test_names_are_hidden_also_from_an_administrator(
    chief: Client, grace: User, model: str
) -> None:
    shown = page(chief, model)
    assert "Grace" not in shown
    assert grace.account_id is not None
    assert grace.account_id not in shown


@pytest.mark.parametrize("model", ["journalentry", "handover", "slotsession"])
def test_the_pseudonym_stands_in_the_place_of_the_name(
    reader: Client, grace: User, model: str
) -> None:
    assert pseudonym(grace.pk) in page(reader, model)


@pytest.mark.parametrize("model", ["journalentry", "handover", "slotsession"])
def test_names_are_shown_for_an_hour_after_asking(
    chief: Client, grace: User, utc_now: Now, model: str
) -> None:
    assert ask(chief, model) == 302
    assert "Grace" in page(chief, model)
    utc_now.at = AT + timedelta(hours=1)
    assert "Grace" not in page(chief, model)


def test_asking_is_in_the_journal_with_who_what_and_when(chief: Client, grace: User) -> None:
    ask(chief)
    entry = JournalEntry.objects.select_related("user", "pool", "actor").latest("pk")
    assert (entry.event, entry.at, entry.details) == (
        Event.NAMES_SHOWN,
        AT,
        {"page": "slots.journalentry"},
    )
    assert sentence(entry) == "Ada Admin asked for names instead of pseudonyms (on pages)."


def test_names_can_be_hidden_again(chief: Client, grace: User) -> None:
    ask(chief)
    ask(chief, name="hide_names")
    assert "Grace" not in page(chief, "journalentry")


def test_asking_needs_the_right(reader: Client, grace: User) -> None:
    assert ask(reader) == 403
    assert "Grace" not in page(reader, "journalentry")
    assert not JournalEntry.objects.filter(event=Event.NAMES_SHOWN).exists()


def test_the_right_that_was_taken_away_hides_at_once(chief: Client, grace: User) -> None:
    ask(chief)
    User.objects.filter(username="ada").update(is_superuser=False)
    User.objects.get(username="ada").user_permissions.set(
        staff("other", "slots.view_journalentry").user_permissions.all()
    )
    assert "Grace" not in page(chief, "journalentry")


@pytest.mark.parametrize("query", [{"q": "Grace"}, {"q": "grace@example.com"}])
def test_looking_for_a_name_does_not_tell_whose_pseudonym_it_is(
    reader: Client, grace: User, pool: LicencePool, query: dict[str, str]
) -> None:
    other = holder(pool)
    shown = page(reader, "journalentry", **query)
    assert pseudonym(other.pk) in shown, "the search is not there"


@pytest.mark.parametrize(
    "field", ["user", "user__id", "user__id__exact", "actor", "user_id", "details__message"]
)
def test_the_address_cannot_choose_a_person_either(reader: Client, grace: User, field: str) -> None:
    answer = reader.get(reverse("admin:slots_journalentry_changelist"), {field: str(grace.pk)})
    assert answer.status_code != 200


@pytest.mark.parametrize("model", ["journalentry", "slotsession", "extensionuse"])
def test_exports_hold_pseudonyms_and_no_names(chief: Client, grace: User, model: str) -> None:
    lines = saved(chief, model, "export_csv")
    text = str(lines)
    assert pseudonym(grace.pk) in text
    assert "Grace" not in text
    assert str(grace.account_id) not in text
    assert grace.email not in text
    assert not JournalEntry.objects.filter(event=Event.NAMES_SHOWN).exists()


@pytest.mark.parametrize("model", ["journalentry", "slotsession", "extensionuse"])
def test_exports_with_names_need_the_right_and_are_in_the_journal(
    chief: Client, reader: Client, grace: User, model: str
) -> None:
    assert "Grace" not in str(saved(reader, model, "export_csv_names"))
    assert "Grace" in str(saved(chief, model, "export_csv_names"))
    [entry] = JournalEntry.objects.filter(event=Event.NAMES_SHOWN)
    assert str(entry.actor) == "Ada Admin"
    assert entry.details["rows"] >= 1


def test_an_entry_tells_no_details_while_names_are_hidden(
    chief: Client, pool: LicencePool, grace: User
) -> None:
    entry = JournalEntry.objects.create(
        at=AT,
        event=Event.GRANT_FAILED,
        pool=pool,
        user=grace,
        details={"message": f"{grace.account_id} is not known"},
    )
    address = reverse("admin:slots_journalentry_change", args=[entry.pk])
    shown = chief.get(address).content.decode()
    assert str(grace.account_id) not in shown
    assert f"{pseudonym(grace.pk)} is not known" in shown
    ask(chief)
    assert str(grace.account_id) in chief.get(address).content.decode()


def test_the_overview_hides_them_as_well(chief: Client, grace: User) -> None:
    first = chief.get(reverse("admin:index"))
    texts = [entry["text"] for entry in first.context["entries"]]
    assert pseudonym(grace.pk) in texts[0]
    assert "Grace" not in str(texts)
