"""The journal in the admin: sentences, filters, export."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from slots.admin.export import harmless
from slots.models import Event, JournalEntry, LicencePool
from slots.sentences import sentence
from slots.services import clocks_restart, pool_pause, queue_entry_remove, slot_take_back
from tests import factories
from tests.admin.conftest import showing_names, signed_in, staff
from tests.factories import AT

pytestmark = pytest.mark.django_db
LIST = "admin:slots_journalentry_changelist"


def export(client: Client, *rows: JournalEntry, **filters: Any) -> list[list[str]]:
    """Return the lines of the exported file; without rows everything the filters leave."""
    chosen = rows or tuple(JournalEntry.objects.all())
    data = {"action": "export_csv_names", "_selected_action": [row.pk for row in chosen]}
    if not rows:
        data["select_across"] = "1"
    response = client.post(reverse(LIST, query=filters), data)
    assert response["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined] # it streams
    return list(csv.reader(io.StringIO(text)))


def texts() -> list[str]:
    """Return the journal as sentences, oldest first."""
    entries = JournalEntry.objects.select_related("pool", "user", "actor").order_by("pk")
    return [sentence(entry) for entry in entries]


def test_every_event_of_a_life_reads_as_a_sentence(pool: LicencePool) -> None:
    user = factories.holder(pool, display_name="Grace")
    slot = factories.slot_of(user)
    slot_take_back(slot_id=slot.pk, at=AT, actor=staff("otto"))
    factories.FakeJira().settle(AT + timedelta(seconds=3))
    assert texts() == [
        "Jira gives out 2 slots from now on.",
        "Grace joined the queue of Jira.",
        "Grace was given a slot of Jira after waiting 0 s.",
        "Jira confirmed the access of Grace to Jira, 0 s later.",
        "Otto took the slot of Grace in Jira back.",
        "Jira confirmed that Grace is out of Jira, 3 s later.",
    ]


def test_who_did_it_is_part_of_the_sentence(pool: LicencePool) -> None:
    boss = staff("otto")
    clocks_restart(pool_id=pool.pk, reason="administrator", seconds=0, at=AT, actor=boss)
    clocks_restart(pool_id=pool.pk, reason="gap", seconds=300, at=AT)
    assert texts()[-2:] == [
        "Otto let inactivity in Jira count anew (holders: 0).",
        "Inactivity in Jira counts anew (holders: 0): for 5 min IUM could not see activity.",
    ]


def test_leaving_by_oneself_and_being_removed_read_differently() -> None:
    full = factories.PoolFactory.create(assigned_licences=0, name="Jira")
    first = factories.waiting(full, display_name="Grace")
    queue_entry_remove(entry_id=factories.entry_of(first).pk, at=AT, actor=staff("otto"))
    assert texts()[-1] == "Otto took Grace out of the queue of Jira."


def test_percent_signs_from_jira_do_no_harm(pool: LicencePool) -> None:
    pool_pause(pool_id=pool.pk, reason="full", message="100 % used %(x)s", at=AT)
    assert texts()[-1] == "Giving slots of Jira pauses: 100 % used %(x)s"


@pytest.mark.parametrize("event", Event.values)
def test_no_event_lacks_words_even_without_details(pool: LicencePool, event: str) -> None:
    entry = JournalEntry.objects.create(at=AT, event=event, reason="unheard-of")
    assert "%(" not in sentence(entry)
    assert sentence(entry)


def test_the_list_shows_sentences_and_finds_people(boss: Client, pool: LicencePool) -> None:
    showing_names(boss)
    factories.holder(pool, display_name="Grace")
    factories.holder(pool, display_name="Alan")
    shown = boss.get(reverse(LIST), {"q": "Grace"}).content.decode()
    assert "Grace was given a slot of Jira" in shown
    assert "Alan" not in shown


def test_the_list_is_filtered_by_event_and_time(boss: Client, pool: LicencePool) -> None:
    showing_names(boss)
    factories.holder(pool, display_name="Grace")
    shown = boss.get(reverse(LIST), {"event__exact": "joined"}).content.decode()
    assert "Grace joined the queue" in shown
    assert "was given a slot" not in shown
    later = {"at_from_0": "2026-03-03", "at_from_1": "00:00"}
    assert "Grace joined" not in boss.get(reverse(LIST), later).content.decode()


def test_a_day_without_a_time_is_a_whole_day(boss: Client, pool: LicencePool) -> None:
    showing_names(boss)
    factories.holder(pool, display_name="Grace")
    for bound in ("at_to_0", "at_from_0"):
        shown = boss.get(reverse(LIST), {bound: f"{AT:%Y-%m-%d}"}).content.decode()
        assert "Grace joined" in shown


def test_nonsense_in_a_filter_is_no_bound(boss: Client, pool: LicencePool) -> None:
    showing_names(boss)
    factories.holder(pool, display_name="Grace")
    shown = boss.get(reverse(LIST), {"at_from_0": "yesterday", "at_from_1": "noon"})
    assert "Grace joined" in shown.content.decode()


def test_the_export_has_what_was_chosen(boss: Client, pool: LicencePool) -> None:
    factories.holder(pool, display_name="Grace")
    lines = export(boss, JournalEntry.objects.get(event=Event.JOINED))
    assert lines[0][0] == "time"
    assert [line[-1] for line in lines[1:]] == ["Grace joined the queue of Jira."]


def test_the_export_of_everything_keeps_to_the_filter(boss: Client, pool: LicencePool) -> None:
    factories.holder(pool)
    assert {line[2] for line in export(boss, event__exact="joined")[1:]} == {"joined the queue"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " ="])
def test_the_export_contains_no_formulas(boss: Client, pool: LicencePool, start: str) -> None:
    name = f"{start}HYPERLINK(1)"
    factories.member(pool, display_name=name)
    user = factories.waiting(pool, display_name=name)
    lines = export(boss, JournalEntry.objects.get(event=Event.JOINED, user=user))
    assert lines[1][3] == f"'{name}"
    assert lines[1][-1].startswith("'")


@pytest.mark.parametrize("value", ["Grace", "712020:abc", 5, "a=b"])
def test_plain_cells_stay_as_they_are(value: object) -> None:
    assert harmless(value) == str(value)


def test_exporting_needs_the_right_to_see_the_journal(pool: LicencePool) -> None:
    client = signed_in(staff("sam"))
    entry = JournalEntry.objects.latest("pk")
    data = {"action": "export_csv", "_selected_action": [entry.pk]}
    assert client.post(reverse(LIST), data).status_code == 403


def test_details_are_laid_out_for_reading(boss: Client, pool: LicencePool) -> None:
    showing_names(boss)
    entry = JournalEntry.objects.get(event=Event.LIMIT_CHANGED)
    shown = boss.get(reverse("admin:slots_journalentry_change", args=[entry.pk]))
    assert "rows_before" in shown.content.decode()


@pytest.mark.parametrize(
    ("event", "reason", "details", "text"),
    [
        (
            "clocks_reset",
            "restored",
            {"holders": 2},
            "Inactivity in Jira counts anew (holders: 2): IUM was restored from a backup.",
        ),
        (
            "clocks_reset",
            "jira_away",
            {"holders": 2, "gap_seconds": 300},
            "Inactivity in Jira counts anew (holders: 2): Jira could not be used for 5 min.",
        ),
        (
            "repaired",
            "compared",
            {},
            "The slots of Jira were compared with Jira. Slots are given again.",
        ),
        ("limit_changed", "", {"limit": 1}, "Jira gives out 1 slot from now on."),
        ("limit_changed", "", {"limit": 2}, "Jira gives out 2 slots from now on."),
    ],
)
def test_sentences_name_the_reason_and_count_right(
    pool: LicencePool, event: str, reason: str, details: dict[str, Any], text: str
) -> None:
    entry = JournalEntry(pool=pool, event=event, reason=reason, details=details, at=AT)

    assert sentence(entry) == text


def test_a_slot_lost_in_a_restored_backup_has_a_sentence(pool: LicencePool) -> None:
    grace = factories.member(pool, display_name="Grace")
    entry = JournalEntry(pool=pool, user=grace, event="repaired", reason="not_in_jira", at=AT)

    assert sentence(entry).startswith("Grace held a slot of Jira in the restored database")
