"""Reading a file of past activity, line by line. What cannot be read is reported and never guessed.

The first line names the columns: `person` and `time`, or `person`, `start` and `end`; `time_zone` may be one more.
Times are ISO 8601. Those without an offset are in the line's time zone, else in the one that was chosen.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from ium.lib.errors import BadInput

MOST_LINES = 1_000_000
MOST_SHOWN = 50
LONGEST_LINE = 2000
LONGEST_NAME = 200
PAUSE = 120.0
LONGEST_SPAN = timedelta(hours=24)
MOMENT, SPAN = {"person", "time"}, {"person", "start", "end"}
Span = tuple[float, float]


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be read: its number, and what to do."""

    number: int
    message: str


@dataclass
class Reading:
    """What a file holds. `bad` has the first lines that cannot be read, `bad_number` counts all."""

    lines: int = 0
    people: dict[str, list[Span]] = field(default_factory=dict)
    bad: list[BadLine] = field(default_factory=list)
    bad_number: int = 0
    digest: str = ""

    def refuse(self, number: int, message: str) -> None:
        """Note a bad line."""
        self.bad_number += 1
        if len(self.bad) < MOST_SHOWN:
            self.bad.append(BadLine(number, message))

    def add(self, person: str, begin: float, end: float) -> None:
        """Note activity; what follows the person's last span within two minutes makes it longer."""
        spans = self.people.setdefault(person, [])
        if spans and spans[-1][0] <= begin <= spans[-1][1] + PAUSE:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))


class _LineError(Exception):
    """Why a line cannot be read, for people."""


def read_csv(lines: Iterable[bytes], *, zone: str, now: datetime) -> Reading:
    """Read a file given line by line (UTF-8). Raises BadInput for what makes the whole file useless."""
    chosen, reading, digest = _zone(zone), Reading(), hashlib.sha256(zone.encode())
    if chosen is None:
        raise BadInput(
            _("“%(zone)s” is no time zone. Give one like Europe/Berlin.") % {"zone": zone}
        )
    rows = csv.reader(_decoded(lines, digest), strict=True)
    columns = _columns(rows)
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            reading.refuse(rows.line_num, _("This is no CSV: %(error)s.") % {"error": error})
            continue
        if row is None:
            break
        if row:
            reading.lines += 1
            try:
                person, begin, end = _checked(row, columns, chosen, now)
            except _LineError as error:
                reading.refuse(rows.line_num, str(error))
            else:
                reading.add(person, begin.timestamp(), end.timestamp())
    reading.digest = digest.hexdigest()
    return reading


def _decoded(lines: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if number > MOST_LINES:
            raise BadInput(
                _("The file has more than %(number)s lines. Import it in parts.")
                % {"number": MOST_LINES}
            )
        if len(line) > LONGEST_LINE:
            raise BadInput(_("Line %(number)s is too long for this format.") % {"number": number})
        digest.update(line)
        # What is not UTF-8 or text at all shows as a bad line, not as a wrong name.
        yield line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").replace(
            "\0", "\ufffd"
        )


def _columns(rows: "Iterator[list[str]]") -> list[str]:
    try:
        header = next(rows, [])
    except csv.Error:
        header = []
    columns = [name.strip().lower() for name in header]
    wanted = set(columns) - {"time_zone"}
    if wanted not in (MOMENT, SPAN) or len(set(columns)) != len(columns):
        raise BadInput(
            _(
                "The first line must name the columns, separated by commas: person,time or person,start,end;"
                " time_zone may be added."
            )
        )
    return columns


def _checked(
    row: list[str], columns: list[str], chosen: ZoneInfo, now: datetime
) -> tuple[str, datetime, datetime]:
    if len(row) != len(columns):
        text = _("This line has %(found)s columns, the first one %(wanted)s.")
        raise _LineError(text % {"found": len(row), "wanted": len(columns)})
    cells = dict(zip(columns, (cell.strip() for cell in row), strict=True))
    if not 0 < len(cells["person"]) <= LONGEST_NAME or "\ufffd" in cells["person"]:
        raise _LineError(_("Fill in the person: an id or any name, in UTF-8."))
    zone = chosen
    if cells.get("time_zone"):
        found = _zone(cells["time_zone"])
        if found is None:
            raise _LineError(_("“%(zone)s” is no time zone.") % {"zone": cells["time_zone"][:50]})
        zone = found
    begin = _moment(cells.get("time") or cells.get("start", ""), zone)
    end = begin if "time" in cells else _moment(cells["end"], zone)
    if end < begin:
        raise _LineError(_("The end lies before the start."))
    if end - begin > LONGEST_SPAN:
        raise _LineError(_("Nobody is active for more than 24 hours: give shorter spans."))
    if end > now:
        raise _LineError(_("This time lies in the future."))
    return cells["person"], begin, end


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _LineError(
            _("“%(time)s” is no time. Write it like 2026-03-02T09:30:00+01:00.")
            % {"time": text[:50]}
        ) from None
    if not 1990 <= moment.year < 9000:
        raise _LineError(_("The year %(year)s cannot be right.") % {"year": moment.year})
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    early, late = (moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early != late:
        # Where clocks change, one hour of local time does not exist and another comes twice.
        text = _("Clocks changed in %(zone)s in this hour: add the offset, like +01:00.")
        raise _LineError(text % {"zone": zone.key})
    return early


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
