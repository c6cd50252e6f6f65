"""Hand-overs: the whole chain with its times, as the journal has it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from slots.handovers import chains_of
from slots.models import HandOver, LicencePool
from slots.services import (
    change_claim,
    change_confirm,
    slot_request,
    sweep_revoke,
    sweep_warn,
)
from tests.admin.conftest import showing_names, signed_in, staff
from tests.factories import AT, FakeJira, PoolFactory, minutes, seconds, slot_of, trusted, waiting

pytestmark = pytest.mark.django_db
LIST = "admin:slots_handover_changelist"


@pytest.fixture
def handed_over(intake: None) -> HandOver:
    """Ann, idle, loses the slot to the sweep; Ben, who waits, gets it and hears of it."""
    pool = PoolFactory.create(assigned_licences=1)
    FakeJira().holder(pool, AT, display_name="Ann")
    swept = AT + minutes(65)
    trusted(swept - seconds(70))
    ben = waiting(pool, swept - minutes(1), display_name="Ben")
    sweep_warn(pool_id=pool.pk, at=swept - seconds(70))
    trusted(swept)
    assert sweep_revoke(pool_id=pool.pk, at=swept) == 1
    slot = pool.slots.get()
    for asked, answered in ((1, 2.5), (3, 4.2)):
        change = change_claim(slot_id=slot.pk, at=swept + seconds(asked))
        assert change is not None
        change_confirm(change=change, at=swept + seconds(answered))
    assert slot_of(ben).pk == slot.pk
    slot_request(user=ben, pool=pool, return_url=None, at=swept + seconds(7))
    return HandOver.objects.get(user=ben)


def test_the_chain_has_every_step_with_its_time(handed_over: HandOver) -> None:
    chain = chains_of([handed_over])[handed_over.pk]
    swept = AT + minutes(65)
    assert chain.before is not None
    assert str(chain.before.user) == "Ann"
    assert chain.noticed_at == swept - seconds(70)
    assert chain.before.at == swept
    assert chain.removal_asked_at == swept + seconds(1)
    assert chain.removed_at == chain.given_at == swept + seconds(2.5)
    assert chain.addition_asked_at == swept + seconds(3)
    assert chain.added_at == swept + seconds(4.2)
    assert chain.taken_up_at == swept + seconds(7)
    assert (chain.idle, chain.whole) == (timedelta(0), timedelta(seconds=7))


def test_a_free_slot_has_nobody_before(pool: LicencePool) -> None:
    waiting(pool)
    [grant] = HandOver.objects.all()
    chain = chains_of([grant])[grant.pk]
    assert (chain.before, chain.removing, chain.added_at, chain.whole) == (None, None, None, None)


def test_the_list_shows_who_and_how_long(boss: Client, handed_over: HandOver) -> None:
    showing_names(boss)
    page = boss.get(reverse(LIST)).content.decode()
    for text in ("Ann (inactive)", "Ben", "2.5 s", "1.7 s", "2.8 s", "7.0 s"):
        assert text in page, text


def test_the_list_costs_the_same_for_any_number_of_hand_overs(
    boss: Client, handed_over: HandOver, pool: LicencePool, django_assert_num_queries: Any
) -> None:
    boss.get(reverse(LIST))
    with django_assert_num_queries(8):
        boss.get(reverse(LIST))
    for _ in range(2):
        waiting(pool)
    with django_assert_num_queries(8):
        boss.get(reverse(LIST))


def test_whoever_may_not_see_the_journal_sees_no_hand_overs(handed_over: HandOver) -> None:
    other = signed_in(staff("eve", "slots.view_queueentry"))
    assert other.get(reverse(LIST)).status_code == 403
    reader = signed_in(staff("rita", "slots.view_journalentry"))
    assert reader.get(reverse(LIST)).status_code == 200
