"""What a check is, what it finds, and the list of all checks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from jira_sync.models import Severity


class NotCheckedError(Exception):
    """A check cannot tell now: what it found earlier stays."""


Kind = Literal["installation", "site", "pool"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a check yields: what is wrong, why it matters, how to mend it. `subject` tells two of a kind apart."""

    severity: Severity
    what: str
    why: str
    fix: str
    subject: str = ""


@dataclass(frozen=True)
class Scope:
    """One kind of finding in one place: what a check that was carried out speaks for."""

    code: str
    site_id: int | None = None
    pool_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class FindingSeen:
    """A problem with its place: what becomes a row."""

    code: str
    severity: Severity
    site_id: int | None
    pool_id: int | None
    subject: str
    what: str
    why: str
    fix: str

    @classmethod
    def of(cls, scope: Scope, problem: Problem) -> "FindingSeen":
        """Put a problem into its place."""
        return cls(
            code=scope.code,
            severity=problem.severity,
            site_id=scope.site_id,
            pool_id=scope.pool_id,
            subject=problem.subject[:150],
            what=problem.what,
            why=problem.why,
            fix=problem.fix,
        )


@dataclass(frozen=True)
class Check:
    """One check: it yields problems of one code. `costly` ones are left out of the hourly run."""

    code: str
    kind: Kind
    costly: bool
    run: Callable[[Any], Iterable[Problem]]


CHECKS: list[Check] = []
Facts = TypeVar("Facts")
Run = Callable[[Facts], Iterable[Problem]]


def check(code: str, kind: Kind, *, costly: bool = False) -> Callable[[Run[Facts]], Run[Facts]]:
    """Register a function as the check for one code. Its facts are those of the installation, a site or a pool.

    It may raise JiraError or NotCheckedError: then it counts as not carried out, and what it found earlier stays.
    """

    def register(run: Run[Facts]) -> Run[Facts]:
        CHECKS.append(Check(code, kind, costly, run))
        return run

    return register
