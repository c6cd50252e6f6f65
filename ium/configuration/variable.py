"""What is known of one environment variable, and how its text becomes a value."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Kind = Literal["text", "flag", "number", "list", "address", "folder", "choice", "service"]
TRUE = {"1", "true", "yes", "on", "y", "ok"}
FALSE = {"0", "false", "no", "off", "n", ""}


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    `default` is the text that counts when it is not set, in the form of the environment; `otherwise` says in words
    what counts then where that depends on something. A name with `*` stands for one variable per sign-in.
    `internal`: set by IUM itself or by developers, not by operators.
    """

    name: str
    help: str
    kind: Kind = "text"
    default: str = ""
    otherwise: str = ""
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    internal: bool = False
    since: str = "0.1.0"

    def parse(self, text: str) -> Any:
        """Return the value. Raises ValueError with what to do, which never repeats a secret."""
        return PARSERS[self.kind](self, text)


def _flag(_: Variable, text: str) -> bool:
    value = text.strip().lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ValueError(f"write 1 or 0, not {text!r}")


def _number(variable: Variable, text: str) -> int:
    low, high = variable.low, variable.high
    limits = f" from {low} to {high}" if high is not None else f" of at least {low}"
    told = f"write a whole number{limits if low is not None else ''}, not {text!r}"
    try:
        value = int(text.strip())
    except ValueError:
        raise ValueError(told) from None
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError(told)
    return value


def _list(_: Variable, text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _address(_: Variable, text: str) -> str:
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if address and not fine:
        raise ValueError(f"write an address such as https://ium.example.com, not {text!r}")
    return address


def _choice(variable: Variable, text: str) -> str:
    found = {choice.lower(): choice for choice in variable.choices}.get(text.strip().lower())
    if found is None:
        raise ValueError(f"choose one of {', '.join(variable.choices)}, not {text!r}")
    return found


def _service(_: Variable, text: str) -> str:
    # The value holds a password and is never shown.
    if "://" not in text:
        raise ValueError("write an address such as the example in docs/configuration.md")
    return text.strip()


PARSERS: dict[Kind, Callable[[Variable, str], Any]] = {
    "text": lambda _, text: text,
    "folder": lambda _, text: text,
    "flag": _flag,
    "number": _number,
    "list": _list,
    "address": _address,
    "choice": _choice,
    "service": _service,
}
