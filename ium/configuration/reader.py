"""Reads variables from the environment: NAME or NAME_FILE, all mistakes at once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ium.configuration.table import find, is_known

Value = TypeVar("Value")
_ASK_TABLE: Any = object()


class MistakesError(Exception):
    """Everything that is wrong with the configuration; each entry says what to do."""

    def __init__(self, found: list[str]) -> None:
        """Take the sentences."""
        self.found = found
        super().__init__(
            "\n".join(["The configuration has mistakes:", *(f"  - {each}" for each in found)])
        )


class Reader:
    """The environment, through the table. What is wrong is remembered, so that it can be told all at once.

    Reading a variable that the table does not know is a fault of the program: KeyError.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read nothing yet."""
        self._environment = environment
        self.mistakes: list[str] = []

    def __call__(self, name: str, *, default: Any = _ASK_TABLE) -> Any:
        """Return the value of a variable; `default` only where the table says in words what counts otherwise.

        An empty variable counts as not set. A wrong value is noted and answered with the default.
        """
        variable = find(name)
        if default is _ASK_TABLE:
            default = (
                variable.parse(variable.default) if variable.default else _empty(variable.kind)
            )
        try:
            text = self._text(name)
            return default if text == "" else variable.parse(text)
        except ValueError as error:
            self.note(f"{name}: {error}.")
            return default

    def is_set(self, name: str) -> bool:
        """Whether it was given, in one of its two forms."""
        return bool(self._environment.get(name) or self._environment.get(f"{name}_FILE"))

    def needed(self, name: str) -> Any:
        """Return the value of a variable without which nothing works."""
        if not self.is_set(name):
            self.note(f"{name}: it is not set. New secrets are printed by ./ium.sh secrets.")
        return self(name)

    def everything(self) -> None:
        """Read every variable that is set, so that all mistakes are known before anything starts."""
        for name in sorted(self._environment):
            plain = name.removesuffix("_FILE")
            if self._environment[name] and is_known(plain):
                self(plain, default=None)

    def note(self, mistake: str) -> None:
        """Remember something that is wrong."""
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def attempt(self, read: Callable[["Reader"], Value], error: type[Exception]) -> Value | None:
        """Return what `read` makes of the environment; if it raises `error`, that is a mistake like the others."""
        try:
            return read(self)
        except error as found:
            self.note(str(found))
            return None

    def check(self) -> None:
        """Raise MistakesError if there are any."""
        if self.mistakes:
            raise MistakesError(self.mistakes)

    def _text(self, name: str) -> str:
        text, file = self._environment.get(name, ""), self._environment.get(f"{name}_FILE", "")
        if not file:
            return text
        if text:
            raise ValueError(f"both {name} and {name}_FILE are set; take one of them away")
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise ValueError(f"the file {file} of {name}_FILE cannot be read ({reason})") from None


def _empty(kind: str) -> Any:
    return {"flag": False, "number": 0, "list": []}.get(kind, "")
