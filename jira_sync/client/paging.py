"""Reads lists page by page: cursors (Organizations API) and offsets (Jira REST).

The address of a next page that Jira sends is never followed: only the cursor is taken out of it,
and only if it points to the host that was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qs, urljoin, urlsplit

from .answers import Answer
from .errors import BadAnswer, ListChanged

Row = dict[str, Any]
T = TypeVar("T")
READS_OF_A_CHANGING_LIST = 5


def cursor_rows(fetch: Callable[[str | None], Answer], base: str) -> Iterator[Row]:
    """Rows of `data` over all pages of the Organizations API.

    `fetch` gets the cursor, None for the first page. Raises BadAnswer if a cursor comes twice.
    """
    cursor: str | None = None
    seen: set[str | None] = set()
    while cursor not in seen:
        seen.add(cursor)
        answer = fetch(cursor)
        yield from answer.rows("data")
        links = answer.document().get("links")
        cursor = next_cursor(links.get("next") if isinstance(links, dict) else None, base)
        if cursor is None:
            return
    raise BadAnswer(f"{answer.where}: the list has no end, a page points back")


def next_cursor(link: object, base: str) -> str | None:
    """The cursor of a `links.next`, which is a bare token or an address; None at the end.

    Raises BadAnswer for an address on another host or without a cursor.
    """
    if not link:
        return None
    if not isinstance(link, str):
        raise BadAnswer("links.next is not text")
    if "://" not in link and "cursor=" not in link:
        return link
    try:
        target, home = urlsplit(urljoin(base + "/", link)), urlsplit(base)
    except ValueError:
        raise BadAnswer("links.next is no address") from None
    cursors = parse_qs(target.query).get("cursor")
    if (target.scheme, target.netloc) != (home.scheme, home.netloc) or not cursors:
        raise BadAnswer(f"links.next points to {target.netloc or 'nowhere'}, not to the next page")
    return cursors[0]


def offset_rows(fetch: Callable[[int], Answer]) -> Iterator[Row]:
    """Rows of `values` over all pages of a Jira REST list that hardly changes (groups).

    `fetch` gets startAt. Ends at `isLast`, at an empty page, or when `total` is reached.
    """
    start = 0
    while True:
        answer = fetch(start)
        rows = answer.rows("values")
        yield from rows
        start += len(rows)
        if not rows or _is_last(answer.document(), start):
            return


def array_rows(fetch: Callable[[int], Answer]) -> Iterator[Row]:
    """Rows of a Jira REST list that is a bare array without a total: ends at an empty page.

    A page may be shorter than asked for without being the last one (users/search).
    """
    start = 0
    while rows := fetch(start).rows():
        yield from rows
        start += len(rows)


def stable_rows(fetch: Callable[[int], Answer], key: str) -> list[Row]:
    """Rows of `values` of a list that may change while it is read, each `key` once.

    Offset pages over a changing group skip or repeat people, so the list is read again when
    `total` changed between pages, or when the number of people does not fit and a second reading
    does not confirm it. Raises ListChanged after five readings.
    """
    previous: set[str] | None = None
    for _ in range(READS_OF_A_CHANGING_LIST):
        totals: set[object] = set()
        found = {str(row.get(key)): row for row in _with_totals(fetch, totals)}
        if len(totals) == 1 and (totals == {len(found)} or found.keys() == previous):
            return list(found.values())
        previous = set(found)
    raise ListChanged(f"total changed in {READS_OF_A_CHANGING_LIST} readings")


def _with_totals(fetch: Callable[[int], Answer], totals: set[object]) -> Iterator[Row]:
    def noting(start: int) -> Answer:
        answer = fetch(start)
        totals.add(answer.document().get("total"))
        return answer

    return offset_rows(noting)


def _is_last(page: Row, seen: int) -> bool:
    total = page.get("total")
    return page.get("isLast") is True or (isinstance(total, int) and seen >= total)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
