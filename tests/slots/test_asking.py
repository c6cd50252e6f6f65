"""Many who ask at the same moment: as if one had asked after the other."""

import threading
import time
from collections.abc import Sequence
from datetime import datetime

import pytest
from django.db import OperationalError

from ium.directory.models import User
from ium.lib.errors import Busy
from slots.models import LicencePool, SlotState
from slots.services import Ask, Outcome, slot_release, slot_request_many
from slots.together import Together
from tests.factories import (
    UserFactory,
    entry_of,
    events_of,
    holder,
    member,
    seconds,
    slot_of,
    waiting,
)

pytestmark = pytest.mark.django_db


def ask(pool: LicencePool, people: Sequence[User], at: datetime) -> list[Outcome]:
    """Let people ask together."""
    return slot_request_many(pool_id=pool.pk, asks=[Ask(user_id=user.pk) for user in people], at=at)


def test_the_first_get_the_free_slots_and_the_others_wait_in_order(
    pool: LicencePool, at: datetime
) -> None:
    people = [member(pool) for _ in range(5)]
    outcomes = ask(pool, people, at)
    assert [outcome.slot is not None for outcome in outcomes] == [True, True, False, False, False]
    assert [slot_of(user).state for user in people[:2]] == [SlotState.GRANTING] * 2
    assert [entry_of(user).seq for user in people] == [1, 2, 3, 4, 5]
    assert [events_of(user) for user in people[1:3]] == [["joined", "granted"], ["joined"]]
    pool.refresh_from_db()
    assert pool.next_seq == 6


def test_those_who_wait_already_are_served_before_those_who_join(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    caro = member(single)
    slot_release(user=ann, pool=single, at=at)
    outcomes = ask(single, [caro, ben], at + seconds(1))
    assert [outcome.entry is not None for outcome in outcomes] == [True, True]
    assert entry_of(caro).seq > entry_of(ben).seq
    assert entry_of(ben).seen_at == at + seconds(1)


def test_each_gets_what_is_theirs_holders_waiting_people_and_strangers(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    stranger, protected = UserFactory.create(), member(single, is_protected=True)
    mine, theirs, none, never = ask(single, [ann, ben, stranger, protected], at + seconds(9))
    assert mine.slot == slot_of(ann)
    assert theirs.entry == entry_of(ben)
    assert none.refusal is not None
    assert none.refusal.code == "not_in_user_group"
    assert never.refusal is not None
    assert never.refusal.code == "administrator"
    assert not stranger.queue_entries.exists()
    assert slot_of(ann).seen_at == at + seconds(9)


def test_without_joining_nobody_is_put_into_the_queue(single: LicencePool, at: datetime) -> None:
    ben = member(single)
    [outcome] = slot_request_many(pool_id=single.pk, asks=[Ask(user_id=ben.pk, join=False)], at=at)
    assert outcome == Outcome()
    assert not ben.queue_entries.exists()


def test_a_person_comes_once(single: LicencePool, at: datetime) -> None:
    ben = member(single)
    with pytest.raises(ValueError, match="once"):
        ask(single, [ben, ben], at)


class Pool:
    """Where requests are carried out, slowly; remembers what came together."""

    def __init__(self, *errors: Exception) -> None:
        """Fail so at first."""
        self.rounds: list[list[int]] = []
        self.errors = list(errors)

    def __call__(self, pool_id: int, asks: Sequence[Ask]) -> list[Outcome]:
        """Carry requests out."""
        self.rounds.append([ask.user_id for ask in asks])
        time.sleep(0.05)
        if self.errors:
            raise self.errors.pop(0)
        return [Outcome() for _ in asks]


def gathering(pool: Pool) -> Together[Ask, Outcome]:
    """Return what gathers requests for it."""
    return Together(pool, about=lambda ask: ask.user_id)


def at_once(together: Together[Ask, Outcome], people: Sequence[int]) -> list[object]:
    """Let people ask from threads of their own; return what each got."""
    got: list[object] = [None] * len(people)

    def run(index: int) -> None:
        try:
            got[index] = together.ask(1, Ask(user_id=people[index]))
        except Exception as error:
            got[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(people))]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(10)
    return got


def test_requests_that_wait_are_carried_out_together_in_their_order() -> None:
    pool = Pool()
    assert at_once(gathering(pool), range(6)) == [Outcome()] * 6
    assert pool.rounds == [[0], [1, 2, 3, 4, 5]]


def test_a_person_who_asks_twice_is_carried_out_twice() -> None:
    pool = Pool()
    assert at_once(gathering(pool), [0, 1, 1, 2]) == [Outcome()] * 4
    assert pool.rounds == [[0], [1, 2], [1]]


def test_a_busy_pool_is_busy_for_all_who_wait() -> None:
    pool = Pool(Busy("later"), Busy("later"))
    got = at_once(gathering(pool), [0, 1, 2])
    assert [type(each) for each in got] == [Busy] * 3
    assert pool.rounds == [[0], [1, 2]]


def test_trouble_of_the_database_with_many_is_tried_with_each() -> None:
    pool = Pool(Busy("later"), OperationalError("deadlock"), OperationalError("mine"))
    got = at_once(gathering(pool), [0, 1, 2])
    assert [type(each) for each in got] == [Busy, OperationalError, Outcome]
    assert pool.rounds == [[0], [1, 2], [1], [2]]


def test_a_fault_of_the_program_leaves_nobody_waiting() -> None:
    got = at_once(gathering(Pool(KeyError("x"), KeyError("y"))), [0, 1, 2])
    assert [type(each) for each in got] == [KeyError] * 3
