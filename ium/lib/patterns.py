"""Regular expressions that an administrator writes and every browser runs: a small, harmless part of the language.

Expressions that repeat a repetition can take hours on a short text. Instead of judging expressions, only those are
taken that cannot do this: nothing is repeated but single characters and sets of them, at most twice without end, and
there are few choices. Everything that is taken means the same in Python and in JavaScript.
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST = 200
MOST_LINES = 50
MOST_REPEATS = 6
MOST_ENDLESS = 2
MOST_GROUPS = 4
MOST_CHOICES = 24

_PART = re.compile(
    r"""
    (?P<set>\[\^?(?:[A-Za-z0-9_/.~%:@!,;=&' ]|[A-Za-z0-9]-[A-Za-z0-9]|\\[-./dw\]\[])+\])
    | (?P<open>\((?:\?:)?)
    | (?P<close>\))
    | (?P<choice>\|)
    | (?P<end>\$)
    | (?P<one>\\[-./+*?()\[\]|$^{}dw]|[A-Za-z0-9_/~%:@!,;=&' .-])
    """,
    re.VERBOSE,
)
_REPEAT = re.compile(r"[*+?]")


def pattern_problem(pattern: str) -> str | None:
    """Return why this expression for a path is not taken, as a sentence; None when it is."""
    if len(pattern) > LONGEST:
        return _("It is longer than %(number)s characters.") % {"number": LONGEST}
    if not pattern.startswith("^/"):
        return _("It must begin with ^/ so that it stands for the beginning of a path.")
    return _too_much(pattern) or _unreadable(pattern)


def _unreadable(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error:
        return _("It cannot be read as a regular expression.")
    return None


def _too_much(pattern: str) -> str | None:
    """Read the expression part by part."""
    counts = dict.fromkeys(("set", "open", "close", "choice", "end", "one", "repeat", "endless"), 0)
    at, depth = 1, 0
    while at < len(pattern):
        part = _PART.match(pattern, at)
        if part is None:
            return _("“%(text)s” is not allowed in it.") % {"text": pattern[at : at + 8]}
        kind = str(part.lastgroup)
        counts[kind] += 1
        at, depth = part.end(), depth + (kind == "open") - (kind == "close")
        if not 0 <= depth <= 1:
            return _("Its parentheses do not fit, or stand inside each other.")
        repeat = _REPEAT.match(pattern, at)
        if repeat is not None:
            if kind not in {"set", "one"} and not (kind == "close" and repeat[0] == "?"):
                return _("Only single characters and sets may be repeated.")
            counts["repeat"] += 1
            counts["endless"] += repeat[0] != "?"
            at = repeat.end()
    return _summed_up(counts, depth)


def _summed_up(counts: dict[str, int], depth: int) -> str | None:
    if depth:
        return _("Its parentheses do not fit, or stand inside each other.")
    too_many = (
        counts["repeat"] > MOST_REPEATS
        or counts["endless"] > MOST_ENDLESS
        or counts["open"] > MOST_GROUPS
        or counts["choice"] > MOST_CHOICES
    )
    return (
        _("It has too many repetitions or choices; write several shorter ones.")
        if too_many
        else None
    )


def lines_of(text: str) -> list[str]:
    """Return the lines that hold something, without the blanks around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def validate_patterns(text: str) -> None:
    """Raise ValidationError unless every line is an expression that is taken."""
    lines = lines_of(text)
    if len(lines) > MOST_LINES:
        raise ValidationError(_("At most %(number)s lines.") % {"number": MOST_LINES})
    problems = [f"{line[:60]}: {why}" for line in lines if (why := pattern_problem(line))]
    if problems:
        raise ValidationError(problems)
