"""The user sync of each pool: its settings, the buttons that start it, and why somebody is or is not an IUM user."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.directory.models import User
from ium.lib import clock
from ium.lib.admin import action, display, finished, question
from jira_sync import sync
from jira_sync.admin.pages import PagesMixin, require
from jira_sync.client.errors import JiraError
from jira_sync.doctor.services import check_soon
from jira_sync.forms import SyncSettingsForm
from jira_sync.models import SyncSettings
from slots.admin.operating import OperateMixin, actor_of
from slots.models import LicencePool

DRY_RUN, RUN_NOW, RESET, WHY = (
    gettext_lazy("Dry run"),
    gettext_lazy("Run now"),
    gettext_lazy("Reset"),
    gettext_lazy("Look up a person"),
)
SHOWN_AT_MOST = 100
FOUND_AT_MOST = 20


def run_url(run_id: int) -> str:
    """Return the page of a run."""
    return reverse("admin:jira_sync_syncrun_change", args=[run_id])


@admin.register(SyncSettings)
class SyncSettingsAdmin(OperateMixin, PagesMixin):
    """Where the IUM users come from. What starts a run is outside transactions: it may ask Jira."""

    form = SyncSettingsForm
    list_display = ["pool", "sources", "enabled", "interval_minutes", "maximum_users", "last"]
    list_select_related = ["pool"]
    ordering = ["pool__name"]
    warn_unsaved_form = True
    actions_detail = ["dry_run", "run_now", "look_up", "reset"]
    fieldsets = [
        (None, {"fields": ["pool", "source_groups"]}),
        (gettext_lazy("Interval"), {"fields": [("enabled", "interval_minutes")]}),
        (gettext_lazy("Safety"), {"fields": [("maximum_users", "largest_loss_percent")]}),
    ]

    def pages(self) -> list[tuple[str, Any, str]]:
        """Return the pages that ask first or look somebody up."""
        return [
            ("of/<int:pool_id>/", self.of_pool, "jira_sync_sources"),
            ("<int:pk>/reset-preview/", self.reset_page, "jira_sync_reset"),
            ("<int:pk>/why/", self.why_page, "jira_sync_why"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Read the source groups once."""
        return super().get_queryset(request).prefetch_related("source_groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A sync stays with its pool."""
        return ["pool"] if obj is not None else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A reset takes a sync away; settings that are only deleted would leave its people behind."""
        return False

    @display(description=gettext_lazy("source groups"))
    def sources(self, settings: SyncSettings) -> str:
        """The names of the groups."""
        return ", ".join(str(group) for group in settings.source_groups.all()) or "-"

    @display(description=gettext_lazy("last run"))
    def last(self, settings: SyncSettings) -> str:
        """What became of the last run that was no dry run."""
        run = sync.last_run(settings.pool)
        if run is None:
            return "-"
        state = run.get_state_display()
        return format_html('<a href="{}">{}: {}</a>', run_url(run.pk), run.started_at.date(), state)

    def of_pool(self, request: HttpRequest, pool_id: int) -> HttpResponse:
        """Go to the settings of a pool, or to the form that makes them."""
        pool = get_object_or_404(LicencePool, pk=pool_id)
        settings = SyncSettings.objects.filter(pool=pool).first()
        if settings is not None:
            address = reverse("admin:jira_sync_syncsettings_change", args=[settings.pk])
        else:
            address = f"{reverse('admin:jira_sync_syncsettings_add')}?pool={pool.pk}"
        return HttpResponseRedirect(address)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the groups too, then let a worker check them."""
        super().save_related(request, form, formsets, change)
        check_soon(site_id=form.instance.pool.site_id)

    def _start(self, request: HttpRequest, object_id: str, *, dry_run: bool) -> HttpResponse:
        """Start a run and go to its page; stay here when it was refused."""
        settings = get_object_or_404(SyncSettings.objects.select_related("pool"), pk=object_id)
        here = reverse("admin:jira_sync_syncsettings_change", args=[settings.pk])
        address = [here]

        def step() -> str:
            run = sync.run_start(
                pool_id=settings.pool_id, dry_run=dry_run, actor=actor_of(request), at=clock.now()
            )
            address[0] = run_url(run.pk)
            return _("The run has started; a worker carries it out.")

        self.attempt(request, step)
        return finished(request, address[0])

    @action(
        description=DRY_RUN,
        url_path="dry-run",
        icon="preview",
        permissions=["operate"],
        dialog=question(
            DRY_RUN,
            gettext_lazy(
                "Shows who would be added, filtered out and removed. Nothing is changed, and nobody notices."
            ),
            DRY_RUN,
        ),
    )
    def dry_run(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Show what a run would do."""
        return self._start(request, object_id, dry_run=True)

    @action(
        description=RUN_NOW,
        url_path="run-now",
        icon="sync",
        permissions=["operate"],
        dialog=question(
            RUN_NOW,
            gettext_lazy(
                "Members of the source groups become IUM users; who left them loses slot and queue place. A run that"
                " would remove too many people stops and asks."
            ),
            RUN_NOW,
        ),
    )
    def run_now(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Start a run."""
        return self._start(request, object_id, dry_run=False)

    @action(description=WHY, url_path="look-up", icon="person_search", permissions=["operate"])
    def look_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that looks somebody up."""
        return HttpResponseRedirect(reverse("admin:jira_sync_why", args=[object_id]))

    @action(description=RESET, url_path="reset", icon="delete_sweep", permissions=["reset"])
    def reset(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that shows whom a reset throws out."""
        return HttpResponseRedirect(reverse("admin:jira_sync_reset", args=[object_id]))

    def has_reset_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A reset removes the settings and throws people out: both must be allowed."""
        return bool(self.has_operate_permission(request) and self.has_change_permission(request))

    def reset_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show whom a reset throws out; do it when that was confirmed."""
        require(self.has_reset_permission(request))
        pool = get_object_or_404(SyncSettings.objects.select_related("pool"), pk=pk).pool
        if request.method == "POST" and self._reset(request, pool):
            return HttpResponseRedirect(reverse("admin:jira_sync_syncrun_changelist"))
        preview = sync.reset_preview(pool)
        context = {
            "pk": pk,
            "pool": pool,
            "users": preview.users[:SHOWN_AT_MOST],
            "number": preview.users.count(),
            "holders": preview.holders.count(),
            "waiting": preview.waiting.count(),
            "shown": SHOWN_AT_MOST,
        }
        return self.show(
            request, "reset.html", _("Reset the user sync of %(pool)s") % context, **context
        )

    def _reset(self, request: HttpRequest, pool: LicencePool) -> bool:
        def step() -> str:
            sync.reset_start(pool_id=pool.pk, actor=actor_of(request), at=clock.now())
            return _("The user sync was removed; a worker throws its people out now.")

        return self.attempt(request, step)

    def why_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Find people by name, e-mail or account id; say about one of them why."""
        require(self.has_operate_permission(request))
        pool = get_object_or_404(SyncSettings.objects.select_related("pool__site"), pk=pk).pool
        who, account_id = request.GET.get("who", "").strip(), request.GET.get("account", "").strip()
        found = list(people_like(who)) if who else []
        if not account_id and who and not found:
            account_id = who
        context = {
            "pk": pk,
            "pool": pool,
            "who": who,
            "found": found,
            "account_id": account_id,
            "sentences": _reasons(pool, account_id) if account_id else [],
        }
        return self.show(
            request, "why.html", _("Look up a person in %(pool)s") % context, **context
        )


def people_like(who: str) -> QuerySet[User]:
    """Return the people whom somebody may mean."""
    named = Q(display_name__icontains=who) | Q(email__icontains=who) | Q(account_id=who)
    people = User.objects.filter(named).exclude(account_id=None)
    return people.order_by("display_name", "pk")[:FOUND_AT_MOST]


def _reasons(pool: LicencePool, account_id: str) -> list[str]:
    try:
        return sync.why(pool=pool, account_id=account_id)
    except JiraError as error:
        return [error.message]
