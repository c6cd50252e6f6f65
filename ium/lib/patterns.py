"""Regular expressions that an administrator writes and every browser runs: a small, harmless part of the language.

Expressions that repeat a repetition can take hours on a short text. Instead of judging expressions, only those are
taken that cannot do this: nothing is repeated but single characters and sets of them, at most twice without end, and
there are few ways to fit the same text. Everything that is taken means the same in Python and in JavaScript.
"""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST = 200
MOST_LINES = 50
# By how many repetitions have no end: in how many ways the rest may fit. With two, a path of 2000 characters can be
# divided in two million ways already.
MOST_WAYS = {0: 1024, 1: 256, 2: 4}

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
    """Read the expression part by part; say what in it is not taken."""
    effort, at = _Effort(), 1
    while at < len(pattern):
        part = _PART.match(pattern, at)
        if part is None:
            return _("“%(text)s” is not allowed in it.") % {"text": pattern[at : at + 8]}
        repeat = _REPEAT.match(pattern, part.end())
        if problem := effort.add(str(part.lastgroup), repeat[0] if repeat else ""):
            return problem
        at = repeat.end() if repeat else part.end()
    return effort.problem()


@dataclass
class _Effort:
    """In how many ways an expression can fit the same text: what a browser may have to try."""

    endless: int = 0
    ways: int = 1
    choices: int = 0  # of the open group; 0 outside of one

    def add(self, kind: str, repeat: str) -> str | None:
        """Count one part with its repetition; return why it is not taken."""
        if repeat and not (kind in {"set", "one"} or (kind == "close" and repeat == "?")):
            return _("Only single characters and sets may be repeated.")
        if (kind == "open") == bool(self.choices) and kind in {"open", "close", "choice"}:
            return _("Its parentheses do not fit, or stand inside each other.")
        if kind == "close":
            self.ways *= self.choices + (repeat == "?")
            self.choices = 0
        elif kind in {"open", "choice"}:
            self.choices += 1
        elif repeat == "?":
            self.ways *= 2
        elif repeat:
            self.endless += 1
        return None

    def problem(self) -> str | None:
        """Return what is wrong with the whole."""
        if self.choices:
            return _("Its parentheses do not fit, or stand inside each other.")
        if self.ways > MOST_WAYS.get(self.endless, 0):
            return _("It has too many repetitions or choices; write several shorter ones.")
        return None


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
