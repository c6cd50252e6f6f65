"""A question is answered by one worker, survives its death, and can be cancelled."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from activity.models import Source
from ium.directory.models import User
from ium.usage.models import ActivitySpan, PriceTier, WhatIf, WhatIfState
from ium.usage.replay import jobs
from ium.usage.replay.jobs import what_if_answer, what_if_cancel, what_if_claim
from ium.usage.replay.recorded import patience_of, recorded_demand
from slots.models import CloseReason, LicencePool, QueueEntry
from tests.factories import AT, PoolFactory, member, minutes

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool() -> LicencePool:
    """A pool of four licences in which six people were active at the same time."""
    pool: LicencePool = PoolFactory.create(assigned_licences=4)
    for number in range(6):
        begin = AT + minutes(number)
        ActivitySpan.objects.create(
            pool=pool,
            user=member(pool),
            started_at=begin,
            ended_at=begin + minutes(30),
            source=Source.EXTENSION,
        )
    return pool


def asked(pool: LicencePool, **fields: Any) -> WhatIf:
    """Return a saved question about that day."""
    values = {"since": AT.date(), "until": AT.date(), "inactivity_minutes": 10, "created_at": AT}
    what_if: WhatIf = WhatIf.objects.create(pool=pool, **(values | fields))
    return what_if


def test_an_answer_has_the_true_peak_and_the_present_number(pool: LicencePool) -> None:
    asked(pool)
    claimed = what_if_claim(at=AT)
    assert claimed is not None
    assert what_if_answer(what_if=claimed)
    done = WhatIf.objects.get()
    assert (done.state, done.progress, done.error) == (WhatIfState.DONE, 100, "")
    assert done.result is not None
    assert (done.result["peak"], done.result["recommended"], done.result["people"]) == (6, 6, 6)
    assert 4 in [point["licences"] for point in done.result["points"]]


def test_one_claim_at_a_time_and_a_dead_worker_is_replaced(pool: LicencePool) -> None:
    first, second = asked(pool), asked(pool)
    claimed = what_if_claim(at=AT)
    assert claimed == first
    assert what_if_claim(at=AT) is None
    again = what_if_claim(at=AT + jobs.CLAIM)
    assert again == first
    assert not what_if_answer(what_if=claimed)  # its claim ran out
    assert what_if_answer(what_if=again)
    assert what_if_claim(at=AT + jobs.CLAIM) == second


def test_a_cancelled_question_stays_cancelled(pool: LicencePool) -> None:
    asked(pool)
    claimed = what_if_claim(at=AT)
    assert claimed is not None
    assert what_if_cancel(what_if_id=claimed.pk, at=AT)
    assert not what_if_answer(what_if=claimed)
    assert WhatIf.objects.get().state == WhatIfState.CANCELLED
    assert not what_if_cancel(what_if_id=claimed.pk, at=AT)


def test_days_without_records_are_said(pool: LicencePool) -> None:
    asked(pool, since=AT.date() - timedelta(days=9), until=AT.date() - timedelta(days=8))
    claimed = what_if_claim(at=AT)
    assert claimed is not None
    what_if_answer(what_if=claimed)
    failed = WhatIf.objects.get()
    assert failed.state == WhatIfState.FAILED
    assert "Nothing was recorded" in failed.error


def test_recorded_waits_begin_the_want_and_give_the_patience(pool: LicencePool) -> None:
    served, gave_up = ActivitySpan.objects.order_by("pk")[:2]
    for number, (user, joined, reason) in enumerate(
        [
            (served.user, served.started_at - minutes(5), CloseReason.SERVED),
            (gave_up.user, gave_up.started_at - minutes(40), CloseReason.GONE),
        ],
        1,
    ):
        QueueEntry.objects.create(
            pool=pool, user_id=user.pk if user else 0, seq=number, joined_at=joined, seen_at=joined,
            alive_until=joined, closed_at=joined + minutes(5), close_reason=reason,
        )  # fmt: skip
    day = (AT - timedelta(days=1), AT + timedelta(days=1))
    wants = {demand.person: demand.wants for demand in recorded_demand(pool, *day)}
    assert wants[served.user_id or 0][0].start == (served.started_at - minutes(5)).timestamp()
    assert [len(want.spans) for want in wants[gave_up.user_id or 0]] == [0, 1]
    assert patience_of(pool, *day) == 600


def test_the_page_and_the_table_show_the_answer(pool: LicencePool, client: Client) -> None:
    what_if = asked(pool)
    PriceTier.objects.create(pool=pool, valid_from=AT.date(), price=8, currency="EUR")
    claimed = what_if_claim(at=AT)
    assert claimed is not None
    what_if_answer(what_if=claimed)
    admin = User.objects.create_superuser(username="admin", account_id=None, password="x")
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/admin/usage/whatif/{what_if.pk}/result").content.decode()
    assert "Recommended: 6 licences." in page
    assert "32.00 EUR" in page
    assert "Only one week was measured" in page
    rows = client.get(f"/admin/usage/whatif/{what_if.pk}/result.csv").content.decode().splitlines()
    assert rows[0].startswith("licences,asked,waited")
    result = WhatIf.objects.get().result or {}
    assert len(rows) == 1 + len(result["points"])
