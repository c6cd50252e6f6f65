"""A slot changes hands: one call takes it, one call gives it on, by one worker in one go."""

from collections.abc import Iterator

import pytest
from celery import current_app

from ium.directory.models import User
from jira_sync.receivers import send_to_worker
from jira_sync.tasks import carry_out
from slots.models import Slot, SlotState
from slots.services import pool_apply_limit, slot_release, slot_request
from slots.signals import slot_change_wanted
from tests.factories import slot_of, trusted
from tests.jira_sync.sync.world import ACCESS, World, accounts

Sent = list[tuple[int, ...]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, wanted: list[int]) -> Iterator[Sent]:
    """The messages to workers, by the slots they name; there is no broker."""
    messages: Sent = []
    monkeypatch.setattr(
        current_app, "send_task", lambda _name, args, **_: messages.append(tuple(args))
    )
    monkeypatch.setattr("jira_sync.services.changes.look_soon", lambda *_: None)
    slot_change_wanted.connect(send_to_worker, dispatch_uid="tests.hand_over")
    yield messages
    slot_change_wanted.disconnect(dispatch_uid="tests.hand_over")


def ready(world: World, licences: int, people: int) -> list[User]:
    """Let so many people ask for so many licences."""
    trusted(world.now.at)
    world.pool.assigned_licences = licences
    world.pool.save()
    pool_apply_limit(pool_id=world.pool.pk, at=world.now.at)
    users = world.mirrored(accounts(*range(people)))
    for user in users:
        slot_request(user=user, pool=world.pool, return_url=None, at=world.now.at)
    return users


def changes(world: World) -> dict[str, int]:
    """Calls that changed a membership, by method."""
    calls = {key: count for key, count in world.calls().items() if "/memberships" in key[1]}
    return {method: count for (method, _path), count in calls.items()}


def test_one_call_takes_a_slot_and_one_gives_it_on_without_a_message_in_between(
    committed: World, sent: Sent
) -> None:
    ann, ben = ready(committed, licences=1, people=2)
    carry_out(*sent.pop())
    assert (changes(committed), committed.members(ACCESS)) == ({"POST": 1}, {ann.account_id})
    slot_release(user=ann, pool=committed.pool, at=committed.now.at)
    [message] = sent
    sent.clear()

    carry_out(*message)

    assert (changes(committed), committed.members(ACCESS)) == (
        {"POST": 2, "DELETE": 1},
        {ben.account_id},
    )
    assert (slot_of(ben).state, sent) == (SlotState.ACTIVE, [])


def test_a_message_that_comes_twice_makes_no_second_call(committed: World, sent: Sent) -> None:
    ready(committed, licences=1, people=1)
    carry_out(*sent[0])
    carry_out(*sent[0])
    assert changes(committed) == {"POST": 1}


def test_a_fresh_grant_is_no_reason_to_ask_who_is_a_member(committed: World, sent: Sent) -> None:
    ready(committed, licences=3, people=3)
    before = committed.calls()
    for message in list(sent):
        carry_out(*message)
    assert sum(committed.calls_since(before).values()) == 3


def test_of_several_grants_that_follow_one_stays_and_the_others_go_to_workers(
    committed: World, sent: Sent
) -> None:
    ann, *_ = ready(committed, licences=1, people=3)
    carry_out(*sent.pop())
    slot_release(user=ann, pool=committed.pool, at=committed.now.at)
    committed.pool.refresh_from_db()
    # A second slot that nobody has given yet, as after a lost message.
    Slot.objects.create(pool=committed.pool)
    committed.pool.assigned_licences = 2
    committed.pool.save()
    [message] = sent
    sent.clear()

    carry_out(*message)

    assert changes(committed) == {"POST": 2, "DELETE": 1}
    [others] = sent
    assert Slot.objects.get(pk__in=others).state == SlotState.GRANTING


def test_hundreds_of_changes_are_few_messages(sent: Sent) -> None:
    send_to_worker(slot_ids=tuple(range(203)))
    assert [len(message) for message in sent] == [8] * 25 + [3]
    assert [slot_id for message in sent for slot_id in message] == list(range(203))
