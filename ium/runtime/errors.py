"""What stops a start, in words an operator can act on."""


class OperatorError(Exception):
    """Something the operator can put right: what is wrong, and how to fix it."""

    def __init__(self, what: str, *fixes: str) -> None:
        super().__init__(what)
        self.what = what
        self.fixes = fixes

    def __str__(self) -> str:
        return "\n".join([self.what, *(f"  {line}" for line in self.fixes)])


class Stopped(Exception):  # noqa: N818 - not an error
    """A stop was asked for while something was still starting."""
