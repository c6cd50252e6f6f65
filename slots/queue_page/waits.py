"""An expected wait in words. `ium/static/ium/queue.js` says it the same way; a browser test compares both."""

from dataclasses import dataclass

from slots.document import SlotDocument
from slots.queue_page.wording import filled, interface_texts, wait_texts


def wait_in_words(eta_seconds: tuple[int, int] | None) -> str:
    """Return the range as text, no finer than an estimate deserves."""
    texts = wait_texts()
    if eta_seconds is None:
        return texts["wait_unknown"]
    low, high = (_rounded(seconds) for seconds in eta_seconds)
    if low == high and low > 0:
        return filled(texts["wait_about"], high=_minutes(high, texts))
    if low > 0 and high < 60:
        return filled(texts["wait_range_minutes"], low=low, high=high)
    form = "wait_range" if low > 0 else "wait_up_to"
    return filled(texts[form], low=_minutes(low, texts), high=_minutes(max(1, high), texts))


def _rounded(seconds: int) -> int:
    """Return minutes in steps of 1 below 10, 5 below 60, then 15; halves go up, as in the script."""
    minutes = seconds / 60
    step = 1 if minutes < 10 else 5 if minutes < 60 else 15
    return int(minutes / step + 0.5) * step


def _minutes(minutes: int, texts: dict[str, str]) -> str:
    if minutes < 60:
        return filled(texts["minutes"], minutes=minutes)
    return filled(texts["hours"], hours=minutes // 60, minutes=minutes % 60)


@dataclass(frozen=True)
class Progress:
    """How much of the expected wait is over, from 0 to 1; not known without an expectation."""

    known: bool
    value: float


def progress_of(document: SlotDocument) -> Progress:
    """Return the share of the expected wait that is over: the time so far, and the middle of what is expected yet."""
    if document.joined_at is None or document.eta_seconds is None:
        return Progress(known=False, value=0)
    waited = _waited(document)
    left = sum(document.eta_seconds) / 2
    return Progress(known=True, value=round(waited / (waited + left), 3) if waited else 0)


def waited_in_words(document: SlotDocument) -> str:
    """Return how long the wait has lasted; nothing for somebody who does not wait."""
    if document.joined_at is None:
        return ""
    texts = interface_texts()
    minutes = int(_waited(document) // 60)
    if minutes < 1:
        return texts["waited_less"]
    return filled(texts["waited"], time=_minutes(minutes, texts))


def _waited(document: SlotDocument) -> float:
    assert document.joined_at is not None  # noqa: S101 - both callers have looked
    return max(0.0, (document.server_time - document.joined_at).total_seconds())
