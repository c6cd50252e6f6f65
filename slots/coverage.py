"""Who works with the browser extension: facts of the last seven days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from activity.models import LastActivity
from ium.directory.extension import version_numbers
from ium.directory.models import Device, ExtensionBrowser
from slots.models.extension_use import ExtensionUse
from slots.models.pool import LicencePool

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# Somebody who was active or whose extension was heard of within this time counts.
RECENT = timedelta(days=7)


@dataclass(frozen=True)
class VersionInUse:
    """A version in one browser, and how many people have it."""

    version: str
    browser: str
    people: int


@dataclass(frozen=True)
class Coverage:
    """How many people were active lately, and how many of them have the extension."""

    active: int
    with_extension: int
    versions: list[VersionInUse]

    @property
    def percent(self) -> int | None:
        """The share of active people with the extension, rounded down; None without anybody."""
        return self.with_extension * 100 // self.active if self.active else None


def coverage(at: datetime, pool: LicencePool | None = None) -> Coverage:
    """Return the numbers of the last seven days; with a pool those of its site and product. Two queries."""
    since = at - RECENT
    heard = Device.objects.filter(extension_seen_at__gte=since)
    lately = LastActivity.objects.filter(last_active_at__gte=since)
    if pool is not None:
        lately = lately.filter(site=pool.site_id, product=pool.product)
        heard = heard.filter(user__in=lately.values("user"))
    counted = lately.aggregate(
        active=Count("user", distinct=True),
        covered=Count("user", distinct=True, filter=Q(user__in=heard.values("user"))),
    )
    groups = heard.values_list("extension_version", "extension_browser").order_by()
    rows = groups.annotate(people=Count("user", distinct=True))
    versions = [VersionInUse(version, _name(browser), people) for version, browser, people in rows]
    versions.sort(key=lambda one: (version_numbers(one.version), one.people), reverse=True)
    return Coverage(counted["active"], counted["covered"], versions)


def _name(browser: str) -> str:
    return str(ExtensionBrowser(browser).label) if browser in ExtensionBrowser.values else browser


class _Used(TypedDict):
    """What `with_use` adds to a person."""

    extension_version: str | None
    extension_browser: str | None
    extension_seen_at: datetime | None
    last_active_at: datetime | None


def with_use(people: QuerySet[ExtensionUse]) -> "QuerySet[WithAnnotations[ExtensionUse, _Used]]":
    """Annotate people with the extension that was heard of last, and their last activity anywhere."""
    heard = Device.objects.filter(user=OuterRef("pk")).exclude(extension_seen_at=None)
    latest = heard.order_by("-extension_seen_at", "-pk")
    seen = LastActivity.objects.filter(user=OuterRef("pk")).order_by().values("user")
    return people.annotate(
        extension_version=Subquery(latest.values("extension_version")[:1]),
        extension_browser=Subquery(latest.values("extension_browser")[:1]),
        extension_seen_at=Subquery(latest.values("extension_seen_at")[:1]),
        last_active_at=Subquery(seen.annotate(last=Max("last_active_at")).values("last")),
    )


def has_recent_extension(*, user_id: int, at: datetime) -> bool:
    """Tell whether a browser of this person was heard of with the extension in the last seven days."""
    heard = Device.objects.usable(at).filter(user=user_id, extension_seen_at__gte=at - RECENT)
    return heard.exists()
