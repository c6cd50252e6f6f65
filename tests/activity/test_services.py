"""Facts: who was active when, and whether IUM could have seen it."""

from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from activity.buffer import Key, Report
from activity.models import Intake, LastActivity, Receiver
from activity.services import (
    activity_record,
    activity_record_many,
    intake_is_trusted,
    intake_pulse,
    receiver_ended,
    receiver_pulse,
    receivers_working,
)
from ium.directory.models import Site, User
from tests.factories import SiteFactory, UserFactory, last_active, seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    """A site."""
    made: Site = SiteFactory.create()
    return made


@pytest.fixture
def ann() -> User:
    """A person."""
    made: User = UserFactory.create()
    return made


def record(user: User, site: Site, active_at: datetime, at: datetime, **more: str) -> None:
    """Note activity in Jira, by the extension unless said otherwise."""
    values = {"product": "jira-software", "source": "extension", **more}
    activity_record(user=user, site=site, active_at=active_at, at=at, **values)


def test_the_first_evidence_makes_the_row(ann: User, site: Site, at: datetime) -> None:
    record(ann, site, at - seconds(5), at)
    row = LastActivity.objects.get()
    assert (row.last_active_at, row.received_at, row.source) == (at - seconds(5), at, "extension")


def test_newer_evidence_replaces_older(ann: User, site: Site, at: datetime) -> None:
    record(ann, site, at, at)
    record(ann, site, at + seconds(0.25), at + seconds(1), source="webhook")
    row = LastActivity.objects.get()
    assert (row.last_active_at, row.source) == (at + seconds(0.25), "webhook")


def test_older_evidence_never_replaces_newer(ann: User, site: Site, at: datetime) -> None:
    record(ann, site, at, at)
    record(ann, site, at - seconds(0.25), at + seconds(10))
    assert last_active(ann) == at
    assert LastActivity.objects.get().received_at == at + seconds(10)


def test_a_time_in_the_future_counts_as_now(ann: User, site: Site, at: datetime) -> None:
    record(ann, site, at + seconds(3600), at)
    assert last_active(ann) == at
    record(ann, site, at + seconds(7200), at + seconds(1))
    assert last_active(ann) == at + seconds(1)


def test_products_and_sites_are_kept_apart(ann: User, site: Site, at: datetime) -> None:
    record(ann, site, at, at)
    record(ann, site, at, at, product="confluence")
    record(ann, SiteFactory.create(), at, at)
    assert LastActivity.objects.count() == 3


def test_a_row_that_somebody_else_made_in_between_is_updated(
    ann: User, site: Site, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(ann, site, at - seconds(60), at)
    real = LastActivity.objects.filter
    missed = [True]

    def filter_once_blind(**where: object) -> object:
        found = real(**where)
        return found.none() if missed and missed.pop() else found

    monkeypatch.setattr(LastActivity.objects, "filter", filter_once_blind)
    record(ann, site, at, at)
    assert last_active(ann) == at


def test_the_first_pulse_is_no_gap(at: datetime) -> None:
    assert intake_pulse(at=at) is None
    assert intake_is_trusted(at=at)


def test_a_hole_of_more_than_two_minutes_is_a_gap(at: datetime) -> None:
    intake_pulse(at=at)
    assert intake_pulse(at=at + seconds(120)) is None
    assert intake_pulse(at=at + seconds(240.5)) == seconds(120.5)
    intake = Intake.objects.get()
    assert (intake.gap_ended_at, intake.gap_seconds) == (at + seconds(240.5), 120.5)


def test_a_clock_set_back_by_more_than_five_seconds_is_a_gap(at: datetime) -> None:
    intake_pulse(at=at)
    assert intake_pulse(at=at - seconds(5)) is None
    assert intake_pulse(at=at - seconds(10.5)) == -seconds(5.5)


def test_activity_is_trusted_for_two_minutes_after_a_pulse(at: datetime) -> None:
    assert not intake_is_trusted(at=at)
    intake_pulse(at=at)
    assert intake_is_trusted(at=at + seconds(120))
    assert not intake_is_trusted(at=at + seconds(121))
    assert intake_is_trusted(at=at - seconds(5))
    assert not intake_is_trusted(at=at - seconds(6))


def test_there_is_one_intake_only(at: datetime) -> None:
    intake_pulse(at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Intake.objects.create(pk=2, seen_at=at)


def test_many_reports_at_once_are_as_good_as_each_by_itself(
    ann: User, site: Site, at: datetime
) -> None:
    ben = UserFactory.create()
    record(ann, site, at, at)
    keys = [Key(user.pk, site.pk, "jira-software") for user in (ben, ann)]
    older, newer = Report(at - seconds(1), at, "webhook"), Report(at + seconds(1), at, "webhook")
    activity_record_many(dict.fromkeys(keys, older))
    assert (last_active(ann), last_active(ben)) == (at, at - seconds(1))
    activity_record_many(dict.fromkeys(keys, newer))
    assert (last_active(ann), last_active(ben)) == (at + seconds(1), at + seconds(1))
    activity_record_many({})
    assert {row.source for row in LastActivity.objects.all()} == {"webhook"}


def test_reports_of_people_and_sites_that_are_gone_are_dropped(
    ann: User, site: Site, at: datetime
) -> None:
    report = Report(at, at, "extension")
    activity_record_many(
        {
            Key(ann.pk, site.pk, "jira-software"): report,
            Key(ann.pk + 1000, site.pk, "jira-software"): report,
            Key(ann.pk, site.pk + 1000, "jira-software"): report,
        }
    )
    assert LastActivity.objects.count() == 1


def pulse(name: str, at: datetime) -> None:
    """Let a web process say that it wrote everything."""
    receiver_pulse(name=name, host="web1", process=7, at=at)


def test_a_web_process_that_is_silent_makes_activity_untrusted(at: datetime) -> None:
    intake_pulse(at=at)
    pulse("a", at)
    pulse("b", at)
    pulse("a", at + seconds(21))
    assert intake_is_trusted(at=at + seconds(20))
    assert not intake_is_trusted(at=at + seconds(21))
    pulse("b", at + seconds(21))
    assert intake_is_trusted(at=at + seconds(21))


def test_a_web_process_that_ended_is_not_waited_for(at: datetime) -> None:
    intake_pulse(at=at)
    pulse("a", at)
    receiver_ended(name="a")
    assert intake_is_trusted(at=at + seconds(60))


def test_a_web_process_whose_time_is_ahead_is_not_believed(at: datetime) -> None:
    intake_pulse(at=at)
    pulse("a", at + seconds(6))
    assert not intake_is_trusted(at=at)


def test_a_web_process_silent_for_two_minutes_is_given_up_and_that_is_a_gap(at: datetime) -> None:
    intake_pulse(at=at)
    pulse("a", at)
    pulse("b", at + seconds(100))
    assert intake_pulse(at=at + seconds(119)) is None
    assert intake_pulse(at=at + seconds(121)) == seconds(121)
    assert [receiver.name for receiver in Receiver.objects.all()] == ["b"]


def test_whether_any_web_process_writes_is_known(at: datetime) -> None:
    assert not receivers_working(at=at)
    pulse("a", at)
    assert receivers_working(at=at + seconds(20))
    assert not receivers_working(at=at + seconds(21))
