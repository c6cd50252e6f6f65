"""Asking Jira whether it lets a new holder in."""

from datetime import datetime

import pytest
from kombu.exceptions import OperationalError

from ium.directory.models import User
from jira_sync.client import JiraUnreachable, NotAllowed
from jira_sync.services import look_in, look_later
from jira_sync.tasks import carry_out
from jira_sync.tasks import look_in as ask_jira
from slots.document import slot_document
from slots.models import LicencePool, Slot
from slots.services import change_confirm, slot_release
from tests import factories
from tests.conftest import Now
from tests.factories import seconds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("intake")]


class Doorman:
    """A Jira that answers only this question; each answer once."""

    def __init__(self, *answers: bool | Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    def lets_in(self, account_id: str, product: str) -> bool | None:
        """Answer."""
        self.asked.append((account_id, product))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def single(utc_now: Now) -> LicencePool:
    """A pool of one licence."""
    pool: LicencePool = factories.PoolFactory.create(assigned_licences=1)
    return pool


@pytest.fixture
def ann(at: datetime, utc_now: Now) -> User:
    """Somebody whose membership Jira has just confirmed."""
    pool: LicencePool = factories.PoolFactory.create()
    user = factories.waiting(pool, at)
    change_confirm(change=factories.claimed(user, at), at=at, will_look=True)
    return user


def look(monkeypatch: pytest.MonkeyPatch, jira: Doorman, slot: Slot) -> float | None:
    """Ask once."""
    monkeypatch.setattr("jira_sync.services.opening.directory_of", lambda _site: jira)
    return look_in(slot_id=slot.pk, fence=slot.fence)


def test_a_yes_ends_the_questions(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    jira = Doorman(True)

    assert look(monkeypatch, jira, factories.slot_of(ann)) is None

    assert jira.asked == [(ann.account_id, "jira-software")]
    assert factories.slot_of(ann).opening == "open"
    assert look(monkeypatch, jira, factories.slot_of(ann)) is None  # nobody is asked again
    assert len(jira.asked) == 1


def test_a_no_is_asked_again_less_and_less_often_and_then_not_any_more(
    ann: User, at: datetime, utc_now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    jira = Doorman(*[False] * 9)
    utc_now.at = at + seconds(0.5)
    while (delay := look(monkeypatch, jira, factories.slot_of(ann))) is not None:
        utc_now.at += seconds(delay)

    assert len(jira.asked) == 7
    assert factories.slot_of(ann).opening == "shut"


def test_an_outage_is_no_answer(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    jira = Doorman(JiraUnreachable("away"))

    assert look(monkeypatch, jira, factories.slot_of(ann)) == 0.5

    assert factories.slot_of(ann).opening == "asked"


@pytest.mark.parametrize("answer", [None, NotAllowed("403")])
def test_who_may_not_ask_goes_by_the_delay(
    ann: User, monkeypatch: pytest.MonkeyPatch, answer: Exception | None
) -> None:
    assert look(monkeypatch, Doorman(answer), factories.slot_of(ann)) is None

    assert factories.slot_of(ann).opening == ""


def test_a_slot_that_went_on_is_not_asked_about(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = factories.slot_of(ann)
    Slot.objects.update(fence=slot.fence + 1)
    jira = Doorman()

    assert look(monkeypatch, jira, slot) is None
    assert jira.asked == []


@pytest.mark.parametrize("late", [False, True])
def test_a_worker_begins_to_ask_after_a_confirmed_addition(
    single: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    ben = factories.waiting(single, at)
    slot = factories.slot_of(ben)
    sent: list[tuple[int, int, float]] = []

    def add(*_: object) -> bool:
        if late:
            slot_release(user=ben, pool=single, at=at)
        return True

    monkeypatch.setattr("jira_sync.services.changes.directory_of", lambda _site: None)
    monkeypatch.setattr("jira_sync.services.changes._call", add)
    monkeypatch.setattr("jira_sync.services.opening.look_later", lambda *it: sent.append(it))

    carry_out(slot.pk)

    assert sent == ([] if late else [(slot.pk, slot.fence, 0.5)])


def test_a_worker_asks_again_while_jira_says_no(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = factories.slot_of(ann)
    sent: list[tuple[int, int, float]] = []
    monkeypatch.setattr("jira_sync.services.opening.directory_of", lambda _site: Doorman(False))
    monkeypatch.setattr("jira_sync.services.look_later", lambda *it: sent.append(it))

    ask_jira(slot.pk, slot.fence)

    assert sent == [(slot.pk, slot.fence, 0.5)]


def test_without_a_broker_the_delay_decides(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(ask_jira, "apply_async", away)
    slot = factories.slot_of(ann)

    look_later(slot.pk, slot.fence, 1)

    assert slot_document(user=ann, pool=slot.pool, at=factories.AT + seconds(5)).state == "active"
