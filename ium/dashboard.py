"""The admin's first page and its menu. Both show a person only what they may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activity.services import intake_is_trusted
from ium.directory.models import Site
from ium.lib import clock
from ium.lib.spans import relative
from slots.admin.names import names_shown, naming
from slots.coverage import coverage
from slots.models import JobRun, JournalEntry, LicencePool
from slots.overview import PoolNumbers, PoolState, numbers_of, pool_card, with_numbers
from slots.sentences import Naming, sentence

ENTRIES_SHOWN = 15
KEY_WARNING = timedelta(days=30)
STALE_SWEEP = timedelta(seconds=60)

# Group, then (model, title, icon). A model that is not in the admin is left out, like one the person may not see.
MENU: tuple[tuple[Promise, tuple[tuple[str, Promise, str], ...]], ...] = (
    (
        gettext_lazy("Licences"),
        (
            ("slots.LicencePool", gettext_lazy("IUM Configuration"), "tune"),
            ("slots.PageRules", gettext_lazy("Page rules"), "rule"),
            ("slots.QueueBranding", gettext_lazy("Look of the queue page"), "palette"),
            ("slots.Slot", gettext_lazy("Slots"), "key"),
            ("slots.QueueEntry", gettext_lazy("Queue"), "hourglass_top"),
            ("slots.WaitEstimate", gettext_lazy("Expected waits"), "timer"),
            ("slots.HandOver", gettext_lazy("Hand-overs"), "swap_horiz"),
            ("slots.SlotSession", gettext_lazy("Sessions"), "history"),
            ("slots.JournalEntry", gettext_lazy("Journal"), "menu_book"),
            ("jira_sync.BreakGlass", gettext_lazy("Break glass"), "emergency"),
        ),
    ),
    (
        gettext_lazy("People and sites"),
        (
            ("directory.User", gettext_lazy("Users"), "person"),
            ("directory.Group", gettext_lazy("Groups"), "group"),
            ("directory.Site", gettext_lazy("Sites"), "public"),
            ("directory.Device", gettext_lazy("Devices"), "devices"),
            ("slots.ExtensionUse", gettext_lazy("Extension"), "extension"),
            ("jira_sync.SyncSettings", gettext_lazy("User sync"), "sync"),
            ("jira_sync.SyncRun", gettext_lazy("Sync log"), "list_alt"),
            ("usage.PersonalData", gettext_lazy("Personal data"), "shield_person"),
        ),
    ),
    (
        gettext_lazy("Operation"),
        (
            ("jira_sync.Finding", gettext_lazy("Configuration check"), "health_and_safety"),
            ("slots.AlertRule", gettext_lazy("Alerts"), "notification_important"),
            ("slots.Notice", gettext_lazy("Notices"), "notifications"),
            ("slots.JobRun", gettext_lazy("Jobs"), "event_repeat"),
            ("django_celery_beat.PeriodicTask", gettext_lazy("Schedules"), "schedule"),
            ("activity.LastActivity", gettext_lazy("Activity"), "monitor_heart"),
        ),
    ),
)

# Pages that are about no single model: address, title, icon, and the right to see it.
USAGE: tuple[tuple[str, Promise, str, str], ...] = (
    ("usage-charts", gettext_lazy("Charts"), "monitoring", "usage.view_intervaluse"),
    (
        "admin:usage_whatif_changelist",
        gettext_lazy("What-if"),
        "query_stats",
        "usage.view_whatif",
    ),
    (
        "admin:usage_pricetier_changelist",
        gettext_lazy("Prices"),
        "payments",
        "usage.view_pricetier",
    ),
    ("usage-peak", gettext_lazy("Peak determination"), "trending_up", "usage.view_whatif"),
    (
        "admin:usage_import_changelist",
        gettext_lazy("Imports"),
        "upload_file",
        "usage.view_import",
    ),
    (
        "admin:usage_retention_changelist",
        gettext_lazy("Retention"),
        "auto_delete",
        "usage.view_retention",
    ),
)

# The guided set-up, a page of jira_sync's own.
SETUP = reverse_lazy("admin:jira_sync_setup")
# What runs by itself, and whether it does.
TASKS = reverse_lazy("admin:ium_tasks")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu."""
    overview = {
        "title": gettext_lazy("Overview"),
        "icon": "dashboard",
        "link": reverse("admin:index"),
    }
    first = [overview]
    if request.user.has_perm("slots.view_licencepool"):
        setup = {"title": gettext_lazy("Set-up"), "icon": "checklist", "link": SETUP}
        first.append(setup)
    if _may_see(request, "django_celery_beat.PeriodicTask"):
        first.append({"title": gettext_lazy("Tasks"), "icon": "manufacturing", "link": TASKS})
    groups: list[dict[str, Any]] = [{"items": first}]
    for title, entries in MENU:
        items = [_menu_item(*entry) for entry in entries if _may_see(request, entry[0])]
        groups.append({"title": title, "separator": True, "items": items})
    usage = [
        {"title": title, "icon": icon, "link": reverse(name)}
        for name, title, icon, right in USAGE
        if request.user.has_perm(right)
    ]
    if usage:  # after the licences
        groups.insert(2, {"title": gettext_lazy("Usage"), "separator": True, "items": usage})
    return groups


def _menu_item(label: str, title: Promise, icon: str) -> dict[str, Any]:
    name = label.lower().replace(".", "_")
    return {"title": title, "icon": icon, "link": reverse(f"admin:{name}_changelist")}


def _may_see(request: HttpRequest, label: str) -> bool:
    page = admin.site._registry.get(apps.get_model(label))
    return page is not None and page.has_view_permission(request)


@dataclass(frozen=True)
class Banner:
    """Something wrong, in one sentence, with the page where it can be mended."""

    level: str
    text: str
    link: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the pools' numbers, problems, jobs and the newest journal entries to the admin's first page."""
    at = clock.now()
    pools = _pools(at) if _may_see(request, "slots.LicencePool") else []
    sites = list(Site.objects.order_by("name")) if _may_see(request, "directory.Site") else []
    jobs = list(JobRun.objects.order_by("name")) if _may_see(request, "slots.JobRun") else None
    shown = {
        "title": _("Overview"),
        "at": at,
        "banners": [*_site_banners(sites, at), *_pool_banners(pools, at), *_job_banners(jobs, at)],
        "pools": [pool_card(numbers, at) for numbers in pools],
        "sites": sites,
        "jobs": [_job(run, at) for run in jobs or []],
        "coverage": coverage(at) if _may_see(request, "slots.ExtensionUse") else None,
        "entries": _entries(at, naming(shown=names_shown(request)))
        if _may_see(request, "slots.JournalEntry")
        else [],
    }
    return {**context, **shown}


def _pools(at: datetime) -> list[PoolNumbers]:
    pools = with_numbers(LicencePool.objects.select_related("site").order_by("name"), at)
    return [numbers_of(pool, at) for pool in pools]


def _job(run: JobRun, at: datetime) -> dict[str, Any]:
    return {"run": run, "success": relative(run.finished_at, at)}


def _entries(at: datetime, named: Naming) -> list[dict[str, Any]]:
    newest = JournalEntry.objects.select_related("pool", "user", "actor").order_by("-at", "-pk")
    return [
        {"entry": entry, "when": relative(entry.at, at), "text": sentence(entry, named)}
        for entry in newest[:ENTRIES_SHOWN]
    ]


def _site_banners(sites: Iterable[Site], at: datetime) -> list[Banner]:
    found = []
    for site in sites:
        link = reverse("admin:directory_site_change", args=[site.pk])
        if site.is_down:
            text = _(
                "%(site)s: %(state)s. Holders keep their slots, those who wait keep their place. %(message)s"
            )
            words = {
                "site": site,
                "state": site.get_connection_state_display(),
                "message": site.connection_message,
            }
            found.append(Banner("danger", (text % words).strip(), link))
        found.extend(Banner("warning", text, link) for text in _endings(site, at))
    return found


def _endings(site: Site, at: datetime) -> list[str]:
    """Return a sentence for every key that has ended or soon will."""
    keys = (
        (_("organisation key"), site.org_key_expires_on),
        (_("API token"), site.api_token_expires_on),
    )
    found = []
    for name, day in keys:
        left = (day - at.date()).days if day is not None else None
        words = {"site": site, "key": name, "days": left}
        if left is not None and left < 0:
            found.append(_("%(site)s: the %(key)s has ended. Enter a new one.") % words)
        elif left is not None and left <= KEY_WARNING.days:
            text = ngettext(
                "%(site)s: the %(key)s ends in %(days)s day. Enter a second one in time.",
                "%(site)s: the %(key)s ends in %(days)s days. Enter a second one in time.",
                left,
            )
            found.append(text % words)
    return found


def _pool_banners(pools: Iterable[PoolNumbers], at: datetime) -> list[Banner]:
    texts = {
        PoolState.OFF: ("info", _("%(pool)s is switched off: nobody gets or loses a slot.")),
        PoolState.DRY_RUN: ("info", _("%(pool)s is a dry run: nothing is changed in Jira.")),
        PoolState.PAUSED: ("warning", _("%(pool)s gives no slots for a moment: %(message)s")),
    }
    found = []
    for numbers in pools:
        if numbers.state in texts:
            level, text = texts[numbers.state]
            words = {"pool": numbers.pool, "message": numbers.pool.paused_message}
            link = reverse("admin:slots_licencepool_change", args=[numbers.pool.pk])
            found.append(Banner(level, text % words, link))
    return found


def _job_banners(jobs: list[JobRun] | None, at: datetime) -> list[Banner]:
    """Say when the sweep is late, or activity may be missed: both mean that nobody loses a slot."""
    if jobs is None:
        return []
    link = reverse("admin:slots_jobrun_changelist")
    found = []
    sweep = next((run for run in jobs if run.name == "sweep"), None)
    if sweep is None or sweep.finished_at is None or at - sweep.finished_at > STALE_SWEEP:
        last = relative(sweep.finished_at if sweep is not None else None, at)
        text = _("The sweep last succeeded: %(last)s. Are a worker and Celery Beat running?")
        found.append(Banner("danger", text % {"last": last}, link))
    if not intake_is_trusted(at=at):
        text = _(
            "IUM cannot be sure that it sees activity. Until it is, nobody loses a slot to the sweep."
        )
        found.append(Banner("warning", text, link))
    return found
