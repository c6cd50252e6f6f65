"""What charts say: nothing made up, nothing lost, and the same in the picture, the sentence, the table and the file."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from activity.models import Source
from ium.usage.charts import (
    answers,
    coverage,
    heatmap,
    lengths,
    people,
    refusals,
    slots_over_time,
    waits,
    words,
)
from ium.usage.charts.chart import Chart, milliseconds
from ium.usage.charts.facts import SIMULATED, Scope
from ium.usage.charts.periods import Fineness
from ium.usage.models import (
    CallTime,
    Gap,
    GapReason,
    Histogram,
    Import,
    LengthKind,
    Refusal,
    SourceUse,
)
from slots.models import LicencePool
from tests import factories
from tests.factories import minutes
from tests.usage.charts.made import berlin, day, hour, interval, scope

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 2)
NINE = berlin(2026, 11, 2, 9)


@pytest.fixture
def pool(db: None) -> LicencePool:
    """A pool."""
    created: LicencePool = factories.PoolFactory.create(name="Jira", key="jira")
    return created


def monday(*pools: LicencePool, **more: Any) -> Scope:
    """Return one Monday."""
    return scope(*pools, first=MONDAY, last=MONDAY, **more)


def line(chart: Chart, number: int = 0) -> dict[int, float | None]:
    """Return a line of the picture by milliseconds."""
    assert chart.data is not None
    return dict(chart.data["series"][number]["data"])


def names(chart: Chart) -> list[str]:
    """Return the names of the lines."""
    return [one["name"] for one in (chart.data or {})["series"]]


def test_the_sentence_names_the_most_the_limit_the_mean_and_the_time_without_a_free_slot(
    pool: LicencePool,
) -> None:
    interval(pool, NINE, 10, full_seconds=120)
    interval(pool, NINE + minutes(5), 4)
    chart = slots_over_time.chart(monday(pool))
    assert chart.summary == (
        "At most 10 of 10 slots were occupied at the same time (Mon, 2 Nov 2026, 09:00), 7 on average;"
        " for 2 min in all no slot was free."
    )


def test_with_a_free_slot_all_the_time_the_sentence_says_so(pool: LicencePool) -> None:
    interval(pool, NINE, 3)
    assert "there was always a free one" in slots_over_time.chart(monday(pool)).summary


def test_numbers_and_words_are_those_of_the_language(pool: LicencePool) -> None:
    interval(pool, NINE, 1234, limit=2000)
    with translation.override("de"):
        chart = slots_over_time.chart(monday(pool))
    assert "1.234" in chart.summary
    assert (chart.data or {})["locale"] == "de"


def test_what_was_not_observed_is_a_hole_and_never_filled_in(pool: LicencePool) -> None:
    interval(pool, NINE, 5)
    interval(pool, NINE + minutes(10), 7)
    interval(pool, NINE + minutes(15), 0, seen_seconds=0)
    found = line(slots_over_time.chart(monday(pool)))
    values = [found[milliseconds(NINE + minutes(each))] for each in (0, 5, 10, 15, 20)]
    assert values == [5, None, 7, None, None]
    assert found[milliseconds(NINE - minutes(5))] is None


def test_missing_time_is_said_in_the_notes_and_in_the_table(pool: LicencePool) -> None:
    for each in range(12):
        if each not in {4, 5}:
            interval(pool, NINE + minutes(5 * each), 5)
    chart = slots_over_time.chart(monday(pool, at=NINE + minutes(60)))
    assert "IUM could not observe 10 min of this time." in " ".join(chart.notes)
    whole = slots_over_time.chart(monday(pool, at=NINE + minutes(20)))
    assert "could not observe" not in " ".join(whole.notes)


def test_a_value_that_was_half_observed_counts_by_half(pool: LicencePool) -> None:
    interval(pool, NINE, 10, seen_seconds=100)
    interval(pool, NINE + minutes(5), 2)
    chart = slots_over_time.chart(monday(pool))
    assert "4 on average" in chart.summary
    assert chart.table.rows[0][2] == "4"
    assert chart.table.rows[0][-1] == "66.7 %"


def test_gaps_are_named_and_drawn_where_they_were(pool: LicencePool) -> None:
    interval(pool, NINE, 5)
    Gap.objects.create(
        pool=None, begins_at=NINE + minutes(5), ends_at=NINE + minutes(65), reason=GapReason.CLOCK
    )
    Gap.objects.create(
        pool=factories.PoolFactory.create(),
        begins_at=NINE,
        ends_at=NINE + minutes(65),
        reason=GapReason.RESTORED,
    )
    gaps = (slots_over_time.chart(monday(pool)).data or {})["gaps"]
    assert gaps == [
        {
            "from": milliseconds(NINE + minutes(5)),
            "until": milliseconds(NINE + minutes(65)),
            "label": "the clock was set back",
        }
    ]


def test_a_gap_too_narrow_to_be_seen_is_named_only(pool: LicencePool) -> None:
    Gap.objects.create(begins_at=NINE, ends_at=NINE + minutes(1), reason=GapReason.NOT_RUNNING)
    found = monday(pool)
    assert len(found.gaps) == 1
    assert found.wide_gaps == []


def test_nothing_is_drawn_after_now(pool: LicencePool) -> None:
    interval(pool, NINE, 5)
    found = line(slots_over_time.chart(monday(pool, at=NINE + minutes(7))))
    assert max(found) == milliseconds(NINE + minutes(5))


def test_pools_are_added_up(pool: LicencePool) -> None:
    other = factories.PoolFactory.create()
    interval(pool, NINE, 5)
    interval(other, NINE, 3, limit=4)
    chart = slots_over_time.chart(monday(pool, other))
    assert line(chart)[milliseconds(NINE)] == 8
    assert line(chart, 2)[milliseconds(NINE)] == 14
    assert "Pools are added up" in chart.notes[0]


def test_what_was_imported_is_shown_only_where_nothing_was_recorded(pool: LicencePool) -> None:
    day(pool, berlin(2026, 11, 2), 9, imported=True, limit_max=0, limit_min=0)
    day(pool, berlin(2026, 11, 3), 8, imported=True, limit_max=0, limit_min=0)
    day(pool, berlin(2026, 11, 3), 5)
    chart = slots_over_time.chart(
        scope(pool, first=MONDAY, last=date(2026, 11, 3), fineness=Fineness.DAY)
    )
    assert list(line(chart).values()) == [9, 5]
    assert list(line(chart, 2).values()) == [None, 10], "nobody knows the limit of then"


@pytest.mark.parametrize(
    ("digest", "taken_out", "label"),
    [
        ("d", False, "imported: log.csv"),
        ("d", True, None),
        (SIMULATED, False, "simulated history of the demo"),
        (SIMULATED, True, "simulated history of the demo"),
    ],
)
def test_imported_and_simulated_times_are_marked(
    pool: LicencePool, digest: str, taken_out: bool, label: str | None
) -> None:
    Import.objects.create(
        pool=pool, name="log.csv", digest=digest, time_zone="UTC", created_at=NINE,
        lines=1, people=1, spans=1, begins_at=NINE, ends_at=NINE + minutes(60),
        taken_out_at=NINE if taken_out else None,
    )  # fmt: skip
    interval(pool, NINE, 1)
    found = (slots_over_time.chart(monday(pool)).data or {})["imports"]
    assert [each["label"] for each in found] == ([label] if label else [])


def test_the_second_period_lies_on_the_first_also_over_a_change_of_clocks(
    pool: LicencePool,
) -> None:
    hour(pool, berlin(2026, 10, 26, 9), 4)
    hour(pool, berlin(2026, 10, 19, 9), 6)
    found = scope(
        pool,
        first=date(2026, 10, 26),
        last=date(2026, 10, 26),
        fineness=Fineness.HOUR,
        second=date(2026, 10, 19),
    )
    chart = slots_over_time.chart(found)
    assert names(chart)[-1] == "Occupied at most, second period"
    assert line(chart, -1)[milliseconds(berlin(2026, 10, 26, 9))] == 6
    assert chart.summary.endswith("In the second period it was at most 6, 3 on average.")
    assert [row[-1] for row in chart.sheet.rows] == ["first", "second"]


def test_a_second_period_without_records_is_said_and_not_drawn(pool: LicencePool) -> None:
    interval(pool, NINE, 4)
    chart = slots_over_time.chart(monday(pool, second=date(2026, 10, 26)))
    assert "In the second period nothing was recorded." in chart.summary
    assert not any("second" in name for name in names(chart))


def test_the_day_with_25_hours_has_25_in_picture_table_and_file(pool: LicencePool) -> None:
    sunday = date(2026, 10, 25)
    for number in range(25):
        hour(pool, berlin(2026, 10, 25) + timedelta(hours=number), number)
    found = scope(pool, first=sunday, last=sunday, fineness=Fineness.HOUR)
    chart = slots_over_time.chart(found)
    assert list(line(chart).values()) == list(range(25))
    assert len(chart.table.rows) == len({row[0] for row in chart.table.rows}) == 25
    times = [str(row[0]) for row in chart.sheet.rows]
    assert times[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_without_records_there_is_a_sentence_and_no_picture(pool: LicencePool) -> None:
    for make in (slots_over_time.chart, people.chart, heatmap.chart, waits.chart):
        chart = make(monday(pool))
        assert chart.data is None
        assert chart.summary == "Nothing was recorded in this time yet."


def test_the_heatmap_goes_by_the_clock_of_the_pool(pool: LicencePool) -> None:
    hour(pool, berlin(2026, 10, 19, 0), 4)  # a Monday; still Sunday in UTC
    hour(pool, berlin(2026, 10, 26, 0), 8)
    found = scope(pool, first=date(2026, 10, 19), last=date(2026, 10, 26), fineness=Fineness.HOUR)
    assert set(heatmap.hours(found)) == {(1, 0)}
    assert heatmap.hours(found)[1, 0].mean == 3
    chart = heatmap.chart(found)
    assert chart.summary.startswith("Most slots are occupied on Monday at 00:00: 3 on average")
    assert chart.table.rows[0][:3] == ("00:00", "3", words.NOTHING)


def test_the_hour_that_is_there_twice_counts_in_one_cell(pool: LicencePool) -> None:
    hour(pool, berlin(2026, 10, 25, 2), 4)
    hour(pool, berlin(2026, 10, 25, 2, fold=1), 8)
    found = heatmap.hours(
        scope(pool, first=date(2026, 10, 25), last=date(2026, 10, 25), fineness=Fineness.HOUR)
    )
    assert {key: value.most for key, value in found.items()} == {(7, 2): 8}
    assert found[7, 2].mean == 3


def test_waits_are_weighted_and_the_longest_is_kept(pool: LicencePool) -> None:
    hour(pool, NINE, 1, waits=1, wait_seconds_sum=100, wait_seconds_max=100, waits_given_up=1)
    hour(pool, NINE + minutes(60), 1, waits=3, wait_seconds_sum=60, wait_seconds_max=50)
    chart = waits.chart(monday(pool))
    assert chart.summary == (
        "4 requests for a slot: it took 40 s on average, 100 s at most; 1 in vain."
    )
    assert line(chart)[milliseconds(NINE + minutes(60))] == 20


def histogram(pool: LicencePool, kind: LengthKind, **counts: int) -> None:
    """Record lengths: `s60=3` are three of up to 60 seconds, `longer=1` is one over them all."""
    for name, number in counts.items():
        bucket = None if name == "longer" else int(name[1:])
        Histogram.objects.create(pool=pool, day=MONDAY, kind=kind, bucket=bucket, count=number)


def test_a_distribution_says_where_half_and_nearly_all_lie(pool: LicencePool) -> None:
    histogram(pool, LengthKind.SESSION, s600=50, s1800=44, s7200=5, longer=1)
    chart = lengths.sessions(monday(pool))
    assert chart.summary == (
        "100 stays ended. Half of them lasted at most 10 min; 95 of 100 lasted at most 2 h."
    )
    assert (chart.data or {})["categories"] == [
        "up to 10 min", "up to 30 min", "up to 2 h", "over 2 h",
    ]  # fmt: skip
    assert [row[2] for row in chart.table.rows] == ["50 %", "44 %", "5 %", "1 %"]


def test_who_got_a_slot_at_once_is_in_the_sentence_and_not_in_the_bars(pool: LicencePool) -> None:
    histogram(pool, LengthKind.WAIT, s10=90, s60=6, s600=4)
    chart = lengths.waits(monday(pool))
    assert chart.summary == (
        "Of 100 requests 90 got a slot at once or within 10 s. Half of the others waited at most 60 s,"
        " 95 of 100 of them at most 10 min."
    )
    assert (chart.data or {})["series"][0]["data"] == [6, 4]
    assert len(chart.table.rows) == 3


def test_waits_that_were_all_short_are_told_in_words(pool: LicencePool) -> None:
    histogram(pool, LengthKind.WAIT, s10=7)
    assert lengths.waits(monday(pool)).summary == (
        "All 7 requests got a slot at once or within 10 s."
    )


def test_people_per_hour_stand_beside_those_at_the_same_time(pool: LicencePool) -> None:
    hour(pool, NINE, 8, people=21)
    chart = people.chart(monday(pool))
    assert chart.summary.startswith(
        "Up to 21 different people had a slot within one hour, but at most 8 at the same time."
    )
    assert line(chart)[milliseconds(NINE)] == 21
    assert line(chart, 1)[milliseconds(NINE)] == 8


def test_of_long_periods_every_day_shows_its_highest_hour(pool: LicencePool) -> None:
    for number, most in enumerate((3, 9, 4)):
        hour(pool, NINE + minutes(60 * number), most)
    found = people.chart(monday(pool, fineness=Fineness.DAY))
    assert line(found, 1) == {milliseconds(berlin(2026, 11, 2)): 9}


def test_the_most_frequent_refusal_comes_first_in_words(pool: LicencePool) -> None:
    Refusal.objects.create(pool=pool, day=MONDAY, reason="locked", count=2)
    Refusal.objects.create(pool=pool, day=MONDAY, reason="not_in_user_group", count=6)
    chart = refusals.chart(monday(pool))
    assert chart.summary == "8 refusals; most often: not in the user group (6)."
    assert [row[0] for row in chart.table.rows] == [
        "not in the user group",
        "locked after losing a slot to inactivity",
    ]
    assert chart.sheet.rows == (("not_in_user_group", 6, 0), ("locked", 2, 0))


def test_coverage_is_of_those_with_a_slot(pool: LicencePool) -> None:
    for source, version, number in (
        (Source.EXTENSION, "1.1.0", 5),
        (Source.EXTENSION, "1.0.0", 1),
        (Source.WEBHOOK, "", 4),
    ):
        SourceUse.objects.create(
            pool=pool, day=MONDAY, source=source, version=version, people=number
        )
    day(pool, berlin(2026, 11, 2), 4, people=8)
    chart = coverage.chart(monday(pool))
    assert chart.summary.startswith("75 % of the people worked with the extension on average")
    assert line(chart) == {milliseconds(berlin(2026, 11, 2)): 75}
    assert "Most used versions: 1.1.0, 1.0.0." in chart.notes


def test_answer_times_are_weighted_by_calls(pool: LicencePool) -> None:
    for operation, count, seconds, longest, failed in (
        ("add", 9, 0.9, 0.3, 0),
        ("remove", 1, 1.1, 1.1, 1),
    ):
        CallTime.objects.create(
            site=pool.site, hour=NINE, operation=operation, count=count, failed=failed,
            seconds_sum=seconds, seconds_max=longest,
        )  # fmt: skip
    chart = answers.chart(monday(pool))
    assert chart.summary == "10 calls took 0.20 s on average, 1.1 s at most; 1 failed (10 %)."


def test_cells_of_a_file_are_no_formulas(pool: LicencePool) -> None:
    Refusal.objects.create(pool=pool, day=MONDAY, reason="=HYPERLINK(1)", count=2)
    lines = list(refusals.chart(monday(pool)).sheet.lines())
    assert lines[1].startswith("'=HYPERLINK")
