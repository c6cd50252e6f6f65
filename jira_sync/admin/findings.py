"""The configuration check and the guided set-up: what is wrong, why it matters, how and where to mend it."""

import logging
from typing import Any

from celery import current_app
from django.contrib import admin
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from kombu.exceptions import OperationalError
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ium.lib import clock
from ium.lib.admin import (
    AsOfMixin,
    RadioFilter,
    ReadOnlyMixin,
    action,
    display,
    finished,
    question,
)
from ium.lib.spans import when
from jira_sync.admin.pages import PagesMixin, require
from jira_sync.doctor.services import check_configuration
from jira_sync.models import Finding, Severity
from jira_sync.setup import StepState, place_of, setup_steps
from slots.admin.operating import OperateMixin

log = logging.getLogger(__name__)
# By name: the web process needs none of the code of the jobs.
CHECK_TASK = "jira_sync.tasks.check_configuration"
COLOURS = {Severity.ERROR: "danger", Severity.WARNING: "warning", Severity.NOTICE: "info"}
RANK = Case(
    When(severity=Severity.ERROR, then=Value(0)),
    When(severity=Severity.WARNING, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
CHECK_NOW = gettext_lazy("Check now")


class LastingFilter(RadioFilter):
    """What is wrong now, unless what is over is asked for."""

    title = gettext_lazy("findings")
    parameter_name = "over"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the choices."""
        return [("no", gettext_lazy("wrong now")), ("yes", gettext_lazy("over"))]

    def value(self) -> str:
        """Return the choice; nothing chosen means what is wrong now."""
        return super().value() or "no"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the findings that were chosen."""
        return queryset.filter(ended_at__isnull=self.value() == "no")


def check_now() -> str:
    """Let a worker check everything; without a broker do it here. Return what happens as a sentence."""
    try:
        current_app.send_task(CHECK_TASK, retry=False, expires=600)
    except OperationalError as error:
        log.warning("The broker is away (%s); the check runs in the web process", error)
        found = check_configuration(at=clock.now(), thorough=False)
        text = ngettext(
            "Checked without a worker: %(number)d finding.",
            "Checked without a worker: %(number)d findings.",
            len(found),
        )
        return text % {"number": len(found)}
    return _("A worker checks everything now. Look again in a moment.")


@admin.register(Finding)
class FindingAdmin(OperateMixin, ReadOnlyMixin, AsOfMixin, PagesMixin):
    """Findings, the worst first."""

    list_display = ["weight", "what", "fix", "where", "since"]
    list_display_links = ["what"]
    list_select_related = ["site", "pool"]
    list_filter = [
        LastingFilter,
        ("severity", ChoicesDropdownFilter),
        ("pool", RelatedDropdownFilter),
    ]
    list_filter_submit = True
    show_full_result_count = False
    search_fields = ["what", "code", "subject"]
    actions_list = ["look"]
    list_before_template = "admin/jira_sync/check_intro.html"
    fields = [
        "weight",
        "what",
        "why",
        "fix",
        "where",
        ("first_seen_at", "last_seen_at"),
        "ended_at",
    ]
    readonly_fields = ["weight", "where"]

    def pages(self) -> list[tuple[str, Any, str]]:
        """Return the guided set-up."""
        return [("setup/", self.setup_page, "jira_sync_setup")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the keys of sites in the database."""
        keys = ("site__org_key", "site__second_org_key", "site__api_token")
        found: QuerySet[Any] = super().get_queryset(request).select_related("site", "pool")
        return found.defer(*keys)

    def get_ordering(self, request: HttpRequest) -> Any:
        """The worst first, then the newest."""
        return [RANK.asc(), "-first_seen_at", "-pk"]

    @display(description=gettext_lazy("severity"), label=COLOURS, ordering=RANK)
    def weight(self, finding: Finding) -> tuple[str, str]:
        """How bad it is."""
        return finding.severity, finding.get_severity_display()

    @display(description=gettext_lazy("where"))
    def where(self, finding: Finding) -> SafeString:
        """The place to mend it."""
        name = finding.pool or finding.site or _("this installation")
        return format_html('<a class="ium-link" href="{}">{}</a>', place_of(finding), name)

    @display(description=gettext_lazy("first seen"), ordering="first_seen_at")
    def since(self, finding: Any) -> SafeString:
        """How long ago it was first seen."""
        return when(finding.first_seen_at, finding.as_of)

    @action(
        description=CHECK_NOW,
        icon="health_and_safety",
        permissions=["operate"],
        url_path="check",
        dialog=question(
            CHECK_NOW,
            gettext_lazy(
                "Looks at keys, groups, licences, jobs and clocks. It reads from Jira and changes nothing there."
            ),
            CHECK_NOW,
        ),
    )
    def look(self, request: HttpRequest, form: object) -> HttpResponse:
        """Check everything."""
        self.attempt(request, check_now)
        return finished(request, reverse("admin:jira_sync_finding_changelist"))

    def setup_page(self, request: HttpRequest) -> HttpResponse:
        """Show the steps from an empty database to a working pool."""
        require(request.user.has_perm("slots.view_licencepool"))
        steps = setup_steps(clock.now())
        context = {
            "steps": steps,
            "next_step": next((one for one in steps if one.state != StepState.DONE), None),
            "done": sum(one.state == StepState.DONE for one in steps),
        }
        return self.show(request, "setup.html", _("Set-up"), **context)
