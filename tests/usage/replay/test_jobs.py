"""A question is answered by one worker, survives its death, and can be cancelled."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from activity.models import Source
from ium.directory.models import User
from ium.usage.models import (
    ActivitySpan,
    CallTime,
    PeriodKind,
    PeriodUse,
    PriceTier,
    SourceUse,
    WhatIf,
    WhatIfState,
)
from ium.usage.replay import jobs
from ium.usage.replay.jobs import what_if_answer, what_if_cancel, what_if_claim
from ium.usage.replay.observed import ADDING, REMOVING, coverage_of, delays_of
from ium.usage.replay.options import Delays
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


def test_what_never_ends_is_given_up_and_says_what_to_do(pool: LicencePool) -> None:
    stuck, other = asked(pool), asked(pool)
    for number in range(jobs.ATTEMPTS):  # each worker is killed
        assert what_if_claim(at=AT + number * jobs.CLAIM) == stuck
    assert what_if_claim(at=AT + jobs.ATTEMPTS * jobs.CLAIM) == other
    stuck.refresh_from_db()
    assert stuck.state == WhatIfState.FAILED
    assert "Ask about fewer days" in stuck.error


def test_delays_and_coverage_come_from_records_and_else_it_is_said(pool: LicencePool) -> None:
    day = (AT - timedelta(days=1), AT + timedelta(days=1))
    unknown = delays_of(pool, *day)
    assert (unknown.known, unknown.values.adding) == (False, Delays().adding)
    assert coverage_of(pool, AT.date(), AT.date()) is None
    for operation, seconds in ((ADDING, 30.0), (REMOVING, 5.0), ("Search", 900.0)):
        CallTime.objects.create(
            site=pool.site, hour=AT, operation=operation, count=10, failed=0, seconds_sum=seconds,
            seconds_max=9, buckets=[],
        )  # fmt: skip
    SourceUse.objects.create(pool=pool, day=AT.date(), source=Source.EXTENSION, people=3)
    PeriodUse.objects.create(
        pool=pool, kind=PeriodKind.DAY, at=AT, limit_min=4, limit_max=4, max_occupied=4,
        mean_occupied=2, max_waiting=0, full_seconds=0, seen_seconds=9, people=4, grants=0,
        losses=0, waits=0, waits_given_up=0, wait_seconds_sum=0, wait_seconds_max=0,
    )  # fmt: skip
    known = delays_of(pool, *day)
    assert (known.known, known.values.adding, known.values.removing) == (True, 3.0, 0.5)
    assert coverage_of(pool, AT.date(), AT.date()) == 0.75


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
    assert '"kind": "curve"' in page
    assert "was not counted in this time" in page
    assert "How long Jira takes was not recorded" in page
    assert "Only one week was measured" in page
    rows = client.get(f"/admin/usage/whatif/{what_if.pk}/result.csv").content.decode().splitlines()
    assert rows[0].startswith("licences,asked,waited")
    result = WhatIf.objects.get().result or {}
    assert len(rows) == 1 + len(result["points"])
