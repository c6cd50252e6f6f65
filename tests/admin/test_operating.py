"""What an administrator does to pools, slots and queue: through services, with the right to, and never by a link."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from kombu.exceptions import OperationalError

from ium.directory.models import User
from slots.models import (
    CloseReason,
    Event,
    GroupRule,
    JournalEntry,
    LicencePool,
    QueueEntry,
    Slot,
    SlotState,
)
from slots.services import group_rules_changed, pool_apply_limit
from tests import factories
from tests.admin.conftest import signed_in, staff
from tests.admin.test_configuration import said
from tests.factories import AT

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on"}


@pytest.fixture
def operator(db: None) -> Client:
    """The browser of somebody who may operate pools and see them, and nothing else."""
    rights = ("licencepool", "slot", "queueentry")
    return signed_in(staff("olga", "slots.operate_pool", *(f"slots.view_{r}" for r in rights)))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent; there is no broker in tests."""
    names: list[str] = []
    monkeypatch.setattr(
        "slots.admin.pool_actions.current_app.send_task", lambda name, **_: names.append(name)
    )
    return names


def of_pool(action: str, pool: LicencePool) -> str:
    """Return the address of an action of a pool's page."""
    return reverse(f"admin:slots_licencepool_{action}", args=[pool.pk])


def chosen(action: str, *rows: Any) -> dict[str, Any]:
    """Return the form of a list with an action chosen for some rows."""
    return {"action": action, "_selected_action": [row.pk for row in rows]}


POOL_ACTIONS = ["sweep_now", "reconcile_now", "restart_clocks"]


@pytest.mark.parametrize("name", POOL_ACTIONS)
def test_a_link_alone_does_nothing_but_ask(
    operator: Client, pool: LicencePool, sent: list[str], name: str
) -> None:
    before = JournalEntry.objects.count()
    response = operator.get(of_pool(name, pool))
    assert response.status_code == 200
    assert "<form" in response.content.decode()
    assert (sent, JournalEntry.objects.count()) == ([], before)


@pytest.mark.parametrize("name", POOL_ACTIONS)
def test_pool_actions_need_the_right_to_operate(
    watcher: Client, pool: LicencePool, sent: list[str], name: str
) -> None:
    before = JournalEntry.objects.count()
    assert watcher.post(of_pool(name, pool), SUBMIT).status_code == 403
    assert (sent, JournalEntry.objects.count()) == ([], before)
    assert name not in watcher.get(of_pool("change", pool)).content.decode()


@pytest.mark.parametrize("name", ["sweep_selected", "reconcile_selected", "restart_selected"])
def test_actions_of_the_list_need_the_right_to_operate(
    watcher: Client, pool: LicencePool, sent: list[str], name: str
) -> None:
    before = JournalEntry.objects.count()
    watcher.post(reverse("admin:slots_licencepool_changelist"), chosen(name, pool))
    assert (sent, JournalEntry.objects.count()) == ([], before)


def test_sweeping_now_takes_the_warned_and_says_how_many(
    operator: Client, pool: LicencePool, utc_now: Any
) -> None:
    user = factories.holder(pool, AT - timedelta(hours=3))
    Slot.objects.filter(holder=user).update(
        warned_at=AT - timedelta(seconds=61), revoke_at=AT - timedelta(seconds=1)
    )
    response = operator.post(of_pool("sweep_now", pool), SUBMIT)
    assert factories.slot_of(user).state == SlotState.REVOKING
    assert "Jira was swept. Warned: 0. Slots taken: 1. The next sweep is" in said(response)


def test_sweeping_now_takes_nobody_without_a_warning(operator: Client, pool: LicencePool) -> None:
    user = factories.holder(pool, AT - timedelta(hours=3))
    response = operator.post(of_pool("sweep_now", pool), SUBMIT)
    assert factories.slot_of(user).state == SlotState.ACTIVE
    assert "Slots taken: 0." in said(response)


def test_sweeping_a_pool_that_is_off_says_why_nothing_happens(
    operator: Client, pool: LicencePool
) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(enabled=False)
    response = operator.post(of_pool("sweep_now", pool), SUBMIT)
    assert "The pool is switched off" in said(response)


def test_reconciling_asks_a_worker(operator: Client, pool: LicencePool, sent: list[str]) -> None:
    operator.post(of_pool("reconcile_now", pool), SUBMIT)
    assert sent == ["jira_sync.tasks.reconcile"]


def test_the_reconciler_that_is_asked_for_exists() -> None:
    from celery import current_app

    from slots.admin.pool_actions import RECONCILE_TASK

    current_app.loader.import_default_modules()
    assert RECONCILE_TASK in current_app.tasks


def test_without_a_broker_reconciling_says_so(
    operator: Client, pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str, **_: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("slots.admin.pool_actions.current_app.send_task", refuse)
    response = operator.post(of_pool("reconcile_now", pool), SUBMIT)
    assert "The broker does not answer" in said(response)


def test_restarting_clocks_takes_warnings_back_and_is_in_the_journal_with_its_actor(
    operator: Client, pool: LicencePool
) -> None:
    user = factories.holder(pool, AT - timedelta(hours=3))
    Slot.objects.filter(holder=user).update(warned_at=AT, revoke_at=AT + timedelta(minutes=1))
    operator.post(of_pool("restart_clocks", pool), SUBMIT)
    slot = factories.slot_of(user)
    assert (slot.clock_from, slot.warned_at) == (AT, None)
    entry = JournalEntry.objects.latest("pk")
    assert entry.actor is not None
    assert (entry.event, entry.actor.username) == (Event.CLOCKS_RESET, "olga")


def test_actions_of_the_list_work_on_every_chosen_pool(
    operator: Client, pool: LicencePool, sent: list[str]
) -> None:
    other = factories.PoolFactory.create()
    url = reverse("admin:slots_licencepool_changelist")
    operator.post(url, chosen("restart_selected", pool, other))
    assert JournalEntry.objects.filter(event=Event.CLOCKS_RESET).count() == 2
    operator.post(url, chosen("reconcile_selected", pool, other))
    assert len(sent) == 1
    assert "Warned: 0." in said(operator.post(url, chosen("sweep_selected", pool)))


def test_a_dialog_of_htmx_is_sent_on_by_htmx(operator: Client, pool: LicencePool) -> None:
    response = operator.post(of_pool("restart_clocks", pool), SUBMIT, HTTP_HX_REQUEST="true")
    assert response["HX-Redirect"] == of_pool("change", pool)


SLOTS = "admin:slots_slot_changelist"


def test_taking_slots_back_from_the_list(operator: Client, pool: LicencePool) -> None:
    users = [factories.holder(pool), factories.holder(pool)]
    slots = [factories.slot_of(user) for user in users]
    response = operator.post(reverse(SLOTS), chosen("take_back_selected", *slots))
    assert {factories.slot_of(user).state for user in users} == {SlotState.REVOKING}
    assert "2 slots are being taken back" in said(response)
    entry = JournalEntry.objects.latest("pk")
    assert entry.actor is not None
    assert (entry.reason, entry.actor.username) == ("administrator", "olga")


def test_taking_one_slot_back_asks_first(operator: Client, pool: LicencePool) -> None:
    slot = factories.slot_of(factories.holder(pool))
    url = reverse("admin:slots_slot_take_back_row", args=[slot.pk])
    operator.get(url)
    slot.refresh_from_db()
    assert slot.state == SlotState.ACTIVE
    operator.post(url, SUBMIT)
    slot.refresh_from_db()
    assert slot.state == SlotState.REVOKING


def test_taking_a_free_slot_back_says_that_there_was_nothing_to_do(
    operator: Client, pool: LicencePool
) -> None:
    free = pool.slots.first()
    response = operator.post(reverse(SLOTS), chosen("take_back_selected", free))
    assert "There was nothing to do." in said(response)


def test_taking_slots_back_needs_the_right_to_operate(watcher: Client, pool: LicencePool) -> None:
    slot = factories.slot_of(factories.holder(pool))
    watcher.post(reverse(SLOTS), chosen("take_back_selected", slot))
    url = reverse("admin:slots_slot_take_back_row", args=[slot.pk])
    assert watcher.post(url, SUBMIT).status_code == 403
    slot.refresh_from_db()
    assert slot.state == SlotState.ACTIVE


def test_slots_are_found_by_their_holder_and_show_how_long_they_are_idle(
    operator: Client, pool: LicencePool
) -> None:
    user = factories.holder(pool, AT - timedelta(minutes=40), display_name="Grace Hopper")
    factories.active(user, pool, AT - timedelta(minutes=12))
    shown = operator.get(reverse(SLOTS), {"q": str(user.account_id)}).content.decode()
    assert "Grace Hopper" in shown
    assert "12 min" in shown


QUEUE = "admin:slots_queueentry_changelist"


@pytest.fixture
def queue(pool: LicencePool) -> list[QueueEntry]:
    """Three people who wait for a full pool."""
    factories.holder(pool)
    factories.holder(pool)
    return [
        factories.entry_of(factories.waiting(pool, display_name=f"Waiting {n}")) for n in (1, 2, 3)
    ]


def order(pool: LicencePool) -> list[str]:
    """Return who waits, in the order of service."""
    return [str(entry.user) for entry in pool.entries.waiting().select_related("user")]


def test_the_queue_is_shown_in_the_order_of_service(
    operator: Client, queue: list[QueueEntry], pool: LicencePool
) -> None:
    shown = operator.get(reverse(QUEUE)).content.decode()
    places = [shown.index(f"Waiting {n}") for n in (1, 2, 3)]
    assert places == sorted(places)


def test_ended_waits_are_shown_only_when_asked_for(
    operator: Client, queue: list[QueueEntry]
) -> None:
    QueueEntry.objects.filter(pk=queue[0].pk).update(closed_at=AT, close_reason=CloseReason.LEFT)
    assert "Waiting 1" not in operator.get(reverse(QUEUE)).content.decode()
    shown = operator.get(reverse(QUEUE), {"wait": "closed"}).content.decode()
    assert "Waiting 1" in shown
    assert "Waiting 2" not in shown


def test_several_people_are_moved_up_in_their_own_order(
    operator: Client, queue: list[QueueEntry], pool: LicencePool
) -> None:
    operator.post(reverse(QUEUE), chosen("move_up_selected", queue[1], queue[2]))
    assert order(pool) == ["Waiting 2", "Waiting 3", "Waiting 1"]


def test_somebody_is_removed_from_the_queue(
    operator: Client, queue: list[QueueEntry], pool: LicencePool
) -> None:
    operator.post(reverse("admin:slots_queueentry_remove_row", args=[queue[0].pk]), SUBMIT)
    assert order(pool) == ["Waiting 2", "Waiting 3"]


def test_giving_a_slot_when_none_is_free_says_what_to_do(
    operator: Client, queue: list[QueueEntry]
) -> None:
    response = operator.post(reverse(QUEUE), chosen("give_selected", queue[2]))
    assert "No slot is free. Take one back first." in said(response)


def test_a_free_slot_is_given_before_the_turn(
    operator: Client, queue: list[QueueEntry], pool: LicencePool
) -> None:
    QueueEntry.objects.update(alive_until=AT - timedelta(seconds=1))
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=3)
    pool_apply_limit(pool_id=pool.pk, at=AT)
    operator.post(reverse("admin:slots_queueentry_give_row", args=[queue[2].pk]), SUBMIT)
    assert factories.slot_of(queue[2].user).state == SlotState.GRANTING


def test_somebody_is_put_at_the_end(
    operator: Client, queue: list[QueueEntry], pool: LicencePool
) -> None:
    operator.post(reverse("admin:slots_queueentry_move_to_end_row", args=[queue[0].pk]), SUBMIT)
    assert order(pool) == ["Waiting 2", "Waiting 3", "Waiting 1"]
    operator.post(reverse(QUEUE), chosen("move_to_end_selected", queue[1], queue[2]))
    assert order(pool) == ["Waiting 1", "Waiting 2", "Waiting 3"]


def test_the_queue_says_why_somebody_stands_there(
    operator: Client, queue: list[QueueEntry], pool: LicencePool
) -> None:
    team = factories.GroupFactory.create(site=pool.site, name="team")
    factories.MembershipFactory.create(group=team, user=queue[1].user)
    GroupRule.objects.create(pool=pool, group=team, reserved_slots=1, max_slots=1)
    group_rules_changed(pool_id=pool.pk, at=AT)
    assert "next slot reserved for “team”" in operator.get(reverse(QUEUE)).content.decode()
    holder = Slot.objects.exclude(holder=None).first()
    assert holder is not None
    factories.MembershipFactory.create(group=team, user=holder.holder)
    operator.post(reverse(QUEUE), chosen("move_up_selected", queue[2]))
    shown = operator.get(reverse(QUEUE)).content.decode()
    assert "cap of “team” reached, skipped" in shown
    assert "moved to the front" in shown
    assert "Read at" in shown


def test_the_queue_costs_the_same_for_any_number_of_people(
    operator: Client, queue: list[QueueEntry], pool: LicencePool, django_assert_num_queries: Any
) -> None:
    operator.get(reverse(QUEUE))
    with CaptureQueriesContext(connection) as few:
        operator.get(reverse(QUEUE))
    for number in range(20):
        factories.waiting(pool, display_name=f"More {number}")
    with django_assert_num_queries(len(few)):
        operator.get(reverse(QUEUE))
    team = factories.GroupFactory.create(site=pool.site, name="team")
    GroupRule.objects.create(pool=pool, group=team, max_slots=1)
    group_rules_changed(pool_id=pool.pk, at=AT)
    with django_assert_num_queries(len(few) + 3):
        operator.get(reverse(QUEUE))


@pytest.mark.parametrize("name", ["move_up", "move_to_end", "give", "remove"])
def test_the_queue_is_changed_only_with_the_right_to_operate(
    watcher: Client, queue: list[QueueEntry], pool: LicencePool, name: str
) -> None:
    before = order(pool)
    url = reverse(f"admin:slots_queueentry_{name}_row", args=[queue[2].pk])
    assert watcher.post(url, SUBMIT).status_code == 403
    watcher.post(reverse(QUEUE), chosen(f"{name}_selected", queue[2]))
    assert order(pool) == before


def test_the_administrator_is_in_the_journal_for_every_move(
    boss: Client, admin_user: User, queue: list[QueueEntry]
) -> None:
    boss.post(reverse(QUEUE), chosen("move_up_selected", queue[2]))
    assert JournalEntry.objects.latest("pk").actor == admin_user
