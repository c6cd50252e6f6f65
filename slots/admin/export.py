"""Journal entries as CSV, row by row: however long the journal, only a page of it is in memory."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from slots.admin.names import hidden
from slots.models import JournalEntry
from slots.sentences import Naming, actor_name, sentence

# A cell that begins so is a formula to a spreadsheet, and may call home.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
PAGE = 2000


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def harmless(value: Any) -> str:
    """Return the value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    formula = text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)
    return f"'{text}" if formula else text


def csv_response(lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """Return lines as a file to save, which no cache keeps."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _row(entry: JournalEntry, named: Naming) -> list[Any]:
    user = entry.user
    return [
        localtime(entry.at).isoformat(),
        entry.pool,
        entry.get_event_display(),
        named(user) if user is not None else None,
        user.account_id if user is not None and named is str else "",
        entry.reason,
        actor_name(entry, named),
        entry.slot_id,
        sentence(entry, named),
    ]


def _lines(entries: Iterable[JournalEntry], named: Naming) -> Iterator[str]:
    writer = csv.writer(Echo())
    heads = [
        _("time"),
        _("pool"),
        _("event"),
        _("user"),
        _("account id"),
        _("reason"),
        _("done by"),
        _("slot"),
        _("text"),
    ]
    yield "\ufeff" + writer.writerow(heads)  # the mark makes Excel read UTF-8
    for entry in entries:
        yield writer.writerow([harmless(value) for value in _row(entry, named)])


def journal_as_csv(
    entries: QuerySet[JournalEntry], *, named: Naming = hidden
) -> StreamingHttpResponse:
    """Return the entries as a file to save; people by their pseudonyms unless `named` is str."""
    rows = entries.select_related("pool", "user", "actor").iterator(chunk_size=PAGE)
    return csv_response(_lines(rows, named), "ium-journal.csv")
