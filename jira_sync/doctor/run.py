"""Carrying out the checks: each for itself, so that one that fails stops no other."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from ium.directory.models import Site
from ium.lib.fields import WrongKeyError
from jira_sync.client.errors import JiraError
from jira_sync.doctor import (
    check_groups,
    check_installation,
    check_keys,
    check_pool,
    check_sign_in,
    check_site,
    check_webhooks,
)
from jira_sync.doctor.facts import InstallationFacts, PoolFacts, SiteFacts
from jira_sync.doctor.registry import CHECKS, Check, FindingSeen, NotCheckedError, Problem, Scope
from jira_sync.doctor.store import findings_store
from jira_sync.models import Severity
from slots.models import LicencePool

log = logging.getLogger(__name__)
# Importing them registers their checks.
MODULES = (
    check_installation,
    check_keys,
    check_site,
    check_webhooks,
    check_groups,
    check_pool,
    check_sign_in,
)


@dataclass
class Checked:
    """What a run saw, and the scopes it can speak for: only there may findings end."""

    seen: list[FindingSeen] = field(default_factory=list)
    scopes: set[Scope] = field(default_factory=set)


def check_configuration(
    *, at: datetime, site_id: int | None = None, thorough: bool = True
) -> list[FindingSeen]:
    """Check one site or all, and the installation; store what was found and return it.

    `thorough=False` leaves out what costs many calls. Calls Jira, so it must not be used inside a transaction. Never
    raises a JiraError: what cannot be checked keeps the findings it had.
    """
    wanted = Site.objects.all() if site_id is None else Site.objects.filter(pk=site_id)
    checked = _installation(at)
    for pk in wanted.order_by("name").values_list("pk", flat=True):
        _check_site(pk, at, checked, thorough=thorough)
    findings_store(seen=checked.seen, checked_scopes=checked.scopes, at=at)
    return checked.seen


def check_processes(*, at: datetime) -> list[FindingSeen]:
    """Check Beat, workers and the like: no call to Jira, a few queries. Store what was found and return it."""
    checked = _installation(at)
    findings_store(seen=checked.seen, checked_scopes=checked.scopes, at=at)
    return checked.seen


def check_soon(*, site_id: int) -> None:
    """Ask a worker to check a site when its changed settings are committed.

    Without a broker the hourly check does it.
    """
    from jira_sync.tasks import check_site

    def send() -> None:
        try:
            check_site.apply_async(args=(site_id,), retry=False, expires=600)
        except OperationalError as error:
            log.warning("The broker is away (%s); the hourly check looks at %s", error, site_id)

    transaction.on_commit(send)


def _installation(at: datetime) -> Checked:
    checked = Checked()
    _carry_out("installation", InstallationFacts(at), Scope(""), checked, thorough=True)
    return checked


def _check_site(site_id: int, at: datetime, checked: Checked, *, thorough: bool) -> None:
    scope = Scope("secrets_unreadable", site_id)
    try:
        site = Site.objects.filter(pk=site_id).first()
    except WrongKeyError as error:
        checked.seen.append(FindingSeen.of(scope, _unreadable(site_id, error)))
        return
    if site is None:  # deleted since the list was read
        return
    checked.scopes.add(scope)
    facts = SiteFacts(site, at)
    _carry_out("site", facts, Scope("", site_id), checked, thorough=thorough)
    for pool in _pools(site_id):
        place = Scope("", site_id, pool.pk)
        _carry_out("pool", PoolFacts(pool, facts), place, checked, thorough=thorough)


def _pools(site_id: int) -> Iterable[LicencePool]:
    related = ("site", "access_group", "user_group")
    return LicencePool.objects.filter(site_id=site_id).select_related(*related).order_by("pk")


def _carry_out(kind: str, facts: Any, place: Scope, checked: Checked, *, thorough: bool) -> None:
    """Run every check of this kind for one place."""
    for check in CHECKS:
        if check.kind == kind and (thorough or not check.costly):
            _one(check, facts, place, checked)


def _one(check: Check, facts: Any, place: Scope, checked: Checked) -> None:
    """Run one check. What it found before it failed counts; only a check that ended well speaks for its scope."""
    scope = Scope(check.code, place.site_id, place.pool_id)
    broken = Scope("check_failed", place.site_id, place.pool_id)
    try:
        checked.seen.extend(_seen(check.run(facts), scope))
        checked.scopes.add(scope)
    except (JiraError, NotCheckedError) as reason:
        log.debug("Check %s could not be done: %s", check.code, reason)
    except Exception as error:
        log.exception("Check %s is broken", check.code)
        checked.seen.append(FindingSeen.of(broken, _broken(check, error)))
    checked.scopes.add(broken)


def _seen(problems: Iterable[Problem], scope: Scope) -> Iterator[FindingSeen]:
    return (FindingSeen.of(scope, problem) for problem in problems)


def _broken(check: Check, error: Exception) -> Problem:
    return Problem(
        severity=Severity.WARNING,
        subject=check.code,
        what=_("The check “%(code)s” failed: %(kind)s.")
        % {"code": check.code, "kind": type(error).__name__},
        why=_("What it would find stays unknown."),
        fix=_("This is a fault of IUM: report it, with the log of the worker."),
    )


def _unreadable(site_id: int, error: WrongKeyError) -> Problem:
    name = Site.objects.filter(pk=site_id).values_list("name", flat=True).get()
    return Problem(
        severity=Severity.ERROR,
        what=_("The stored keys of %(site)s cannot be decrypted.") % {"site": name},
        why=_("IUM cannot talk to Jira: nobody gets a slot."),
        fix=str(error),
    )
