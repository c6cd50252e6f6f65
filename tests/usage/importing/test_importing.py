"""Files of past activity: what is read, what is refused and how that is told, taking in and out."""

# mypy: allow-untyped-calls

from datetime import UTC, datetime
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from ium.lib.errors import BadInput, Refused
from ium.usage.importing import import_file, import_take_out, read_csv
from ium.usage.models import ActivitySpan, Import, ImportedPerson, PeriodUse
from tests import factories
from tests.factories import AT, PoolFactory

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def read(text: str, zone: str = "UTC") -> Any:
    return read_csv(text.encode().splitlines(keepends=True), zone=zone, now=NOW)


@given(st.lists(st.binary(max_size=80), max_size=8))
@settings(max_examples=200, deadline=None)
def test_whatever_is_in_a_file_is_read_or_refused_in_words(lines: list[bytes]) -> None:
    for first in (b"person,time\n", b"person,start,end,time_zone\n", b""):
        try:
            reading = read_csv([first, *(line + b"\n" for line in lines)], zone="UTC", now=NOW)
        except BadInput as error:
            assert error.message  # noqa: PT017 - either way is right
        else:
            assert all(bad.message and bad.number > 1 for bad in reading.bad)
            assert reading.bad_number >= len(reading.bad)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_moments_within_two_minutes_are_one_span(numbers: list[int]) -> None:
    moments = sorted(numbers)
    rows = "".join(f"ann,2026-03-02T09:{number:02}:00Z\n" for number in moments)
    spans = read("person,time\n" + rows).people["ann"]
    gaps = sum(later - earlier > 2 for earlier, later in pairwise(moments))
    assert len(spans) == gaps + 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ann", "has 1 columns"),
        (",2026-03-02T09:00Z", "Fill in the person"),
        ("ann,yesterday", "is no time"),
        ("ann,2027-03-02T09:00Z", "in the future"),
        ("ann,0001-01-01T00:00", "cannot be right"),
        ("ann,2026-03-29T02:30", "Clocks changed in Europe/Berlin"),
        ("ann,2025-10-26T02:30", "Clocks changed in Europe/Berlin"),
        ('"ann"x,2026-03-02T09:00Z', "no CSV"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_what_to_do(line: str, told: str) -> None:
    reading = read(f"person,time\nben,2026-03-02T09:00Z\n{line}\n", "Europe/Berlin")
    [bad] = reading.bad
    assert bad.number == 3
    assert told in bad.message


def test_times_without_an_offset_are_in_the_zone_of_the_line_or_the_chosen_one() -> None:
    text = "person,start,end,time_zone\na,2026-03-02T09:00,2026-03-02T10:00,\n"
    text += "b,2026-03-02T09:00,2026-03-02T10:00,Asia/Tokyo\n"
    people = read(text, "Europe/Berlin").people
    assert people["a"][0][0] == datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp()
    assert people["b"][0][0] == datetime(2026, 3, 2, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "name,when\n", "person,time,time\n", "person\n"])
def test_a_file_without_the_columns_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="first line must name the columns"):
        read(text)


FILE = "person,start,end\nann,2026-03-02T09:00Z,2026-03-02T09:10Z\nben,2026-03-02T09:05Z,2026-03-02T09:20Z\n"


@pytest.mark.django_db
def test_a_file_is_taken_in_once_and_out_again() -> None:
    pool = PoolFactory.create(inactivity_minutes=30)
    ann = factories.member(pool, account_id="ann")
    values: dict[str, Any] = {
        "pool": pool,
        "name": "a.csv",
        "zone": "UTC",
        "at": NOW,
        "actor": None,
    }
    file = import_file(reading=read(FILE), **values)
    assert import_file(reading=read(FILE), **values) == file
    assert Import.objects.count() == 1
    assert ActivitySpan.objects.filter(user=ann).count() == 1, "a known account id is that person"
    assert ImportedPerson.objects.get().digest != "ben"
    hour = PeriodUse.objects.get(kind="hour", at=AT)
    assert (hour.imported, hour.max_occupied, hour.people) == (True, 2, 2)
    # Ann would have held a slot until 9:40, Ben until 9:50.
    assert hour.mean_occupied == pytest.approx((40 + 45) / 60)
    other = import_file(reading=read(FILE + "cid,2026-03-02T09:00Z,2026-03-02T09:01Z\n"), **values)
    assert PeriodUse.objects.get(kind="hour", at=AT).max_occupied == 3, "nobody counts twice"
    assert import_take_out(import_id=other.pk, at=NOW)
    assert PeriodUse.objects.get(kind="day").max_occupied == 2
    assert import_take_out(import_id=file.pk, at=NOW)
    assert not import_take_out(import_id=file.pk, at=NOW)
    assert not ActivitySpan.objects.exists()
    assert not PeriodUse.objects.exists()
    assert not ImportedPerson.objects.exists()
    assert import_file(reading=read(FILE), **values) != file, "it can come again"


@pytest.mark.django_db
def test_a_file_with_a_bad_line_is_not_taken_in_at_all() -> None:
    with pytest.raises(Refused, match="1 lines cannot be read"):
        import_file(
            pool=PoolFactory.create(),
            reading=read(FILE + "ann,x,y\n"),
            name="a.csv",
            zone="UTC",
            at=NOW,
            actor=None,
        )
    assert not ActivitySpan.objects.exists()


@pytest.mark.django_db
def test_the_command_only_looks_unless_it_is_told_to_write(tmp_path: Path, utc_now: Any) -> None:
    utc_now.at = NOW
    PoolFactory.create()
    path, out = tmp_path / "past.csv", StringIO()
    path.write_text(FILE + "ann,x,y\n")
    call_command("usage_import", path, stdout=out)
    assert "Line 4" in out.getvalue()
    assert "Nothing was written" in out.getvalue()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("usage_import", path, "--write", stdout=out)
    path.write_text(FILE)
    call_command("usage_import", path, "--write", stdout=out)
    assert ActivitySpan.objects.count() == 2
    call_command("usage_import", "--take-out", str(Import.objects.get().pk), stdout=out)
    assert not ActivitySpan.objects.exists()
    path.write_bytes(b"x" * 100_000)
    with pytest.raises(CommandError):
        call_command("usage_import", path, stdout=out)
