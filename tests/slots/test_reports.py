"""What web processes collected: as good as if each call had written by itself, also when one is killed."""

import os
import subprocess
import sys
from datetime import datetime

import pytest

from activity.buffer import Collected, Key, Poll, Report
from activity.models import Receiver
from ium.directory.models import User
from slots.models import LicencePool, SlotState
from slots.services import (
    ReceiverId,
    intake_observe,
    polls_write,
    receivers_replace,
    reports_write,
    sweep_revoke,
    sweep_warn,
)
from tests.factories import (
    entry_of,
    events_of,
    holder,
    last_active,
    minutes,
    seconds,
    slot_of,
    trusted,
    waiting,
)

pytestmark = pytest.mark.django_db
WEB = ReceiverId("web", "host", os.getppid())


def write(pool: LicencePool, user: User, active_at: datetime, at: datetime) -> None:
    """Write one report as a web process does."""
    key = Key(user.pk, pool.site_id, pool.product)
    collected = Collected({key: Report(active_at, at, "extension")}, {})
    reports_write(collected=collected, receiver=WEB, at=at)


def warned(pool: LicencePool, at: datetime) -> User:
    """Return a holder who is warned at `at` + 59 minutes."""
    ann = holder(pool, at)
    trusted(at + minutes(59))
    assert sweep_warn(pool_id=pool.pk, at=at + minutes(59)) == 1
    return ann


def test_a_report_takes_a_warning_back(pool: LicencePool, at: datetime) -> None:
    ann = warned(pool, at)
    moment = at + minutes(59) + seconds(1)
    write(pool, ann, moment, moment)
    assert (slot_of(ann).warned_at, slot_of(ann).revoke_at) == (None, None)
    assert last_active(ann) == moment
    assert events_of(ann)[-1] == "kept"


def test_a_report_of_before_the_warning_does_not(pool: LicencePool, at: datetime) -> None:
    ann = warned(pool, at)
    write(pool, ann, at - minutes(1), at + minutes(59))
    assert slot_of(ann).warned_at == at + minutes(59)


def test_a_report_of_somebody_else_does_not(pool: LicencePool, at: datetime) -> None:
    ben = holder(pool, at + minutes(58))
    ann = warned(pool, at)
    write(pool, ben, at + minutes(59.5), at + minutes(59.5))
    assert slot_of(ann).warned_at is not None


def test_writing_says_that_nothing_is_missing(pool: LicencePool, at: datetime) -> None:
    write(pool, holder(pool, at), at, at + seconds(3))
    assert Receiver.objects.get().seen_at == at + seconds(3)


def test_who_polls_stays_alive_and_a_poll_never_goes_back(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    poll = Poll(single.pk, entry_of(ben).pk)
    polls_write(polls={poll: at + seconds(60)})
    polls_write(polls={poll: at + seconds(30)})
    entry = entry_of(ben)
    assert (entry.seen_at, entry.alive_until) == (at + seconds(60), at + seconds(150))


def test_polls_of_what_is_gone_change_nothing(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)  # was given the slot
    polls = {Poll(single.pk, entry_of(ann).pk): at, Poll(single.pk + 1000, 1): at}
    polls_write(polls={poll: at + seconds(60) for poll in polls})
    assert entry_of(ann).seen_at == at


def dead_process() -> int:
    """Return the number of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_killed_web_process_stops_the_sweep_until_it_is_replaced_and_costs_nobody_a_slot(
    pool: LicencePool, at: datetime
) -> None:
    """The worst case: a report that disproves a warning is lost with the process that took it in."""
    began = at + minutes(59) - seconds(1)
    killed = ReceiverId("killed", "host", dead_process())
    reports_write(collected=Collected({}, {}), receiver=killed, at=began)
    ann = warned(pool, at)
    due = at + minutes(60) + seconds(5)
    trusted(due)
    assert sweep_revoke(pool_id=pool.pk, at=due) == 0, "it is silent: nothing is taken"
    assert receivers_replace(receiver=WEB, at=due) == 1
    assert sweep_revoke(pool_id=pool.pk, at=due) == 0, "the warning was taken back"
    assert slot_of(ann).state == SlotState.ACTIVE
    assert not Receiver.objects.exists()
    later = at + minutes(64)
    trusted(later)
    assert sweep_warn(pool_id=pool.pk, at=later) == 1, "who is really gone is warned again"
    trusted(later + seconds(65))
    assert sweep_revoke(pool_id=pool.pk, at=later + seconds(65)) == 1


def test_older_warnings_outlive_a_killed_web_process(pool: LicencePool, at: datetime) -> None:
    ann = warned(pool, at)
    killed = ReceiverId("killed", "host", dead_process())
    reports_write(collected=Collected({}, {}), receiver=killed, at=at + minutes(59) + seconds(11))
    receivers_replace(receiver=WEB, at=at + minutes(59) + seconds(14))
    assert slot_of(ann).warned_at is not None


def test_processes_that_live_and_those_of_other_hosts_are_not_replaced(at: datetime) -> None:
    for name, host, process in (("a", "host", os.getppid()), ("b", "other", dead_process())):
        reports_write(collected=Collected({}, {}), receiver=ReceiverId(name, host, process), at=at)
    assert receivers_replace(receiver=ReceiverId("new", "host", os.getpid()), at=at) == 0
    assert Receiver.objects.count() == 2


def test_who_had_our_own_number_before_us_is_replaced(at: datetime) -> None:
    before = ReceiverId("before", "host", os.getpid())
    reports_write(collected=Collected({}, {}), receiver=before, at=at)
    assert receivers_replace(receiver=ReceiverId("new", "host", os.getpid()), at=at) == 1


def test_a_web_process_of_another_host_that_is_given_up_restarts_the_clocks(
    pool: LicencePool, at: datetime
) -> None:
    ann = warned(pool, at)
    reports_write(
        collected=Collected({}, {}),
        receiver=ReceiverId("x", "other", 1),
        at=at + minutes(59),
    )
    due = at + minutes(61) + seconds(1)
    assert intake_observe(at=due) == seconds(121)
    assert (slot_of(ann).clock_from, slot_of(ann).warned_at) == (due, None)
    assert sweep_revoke(pool_id=pool.pk, at=due) == 0
