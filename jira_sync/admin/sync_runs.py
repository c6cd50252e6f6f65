"""The log of the user sync: what each run found and did, and the people in it."""

from collections import Counter, defaultdict
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
from jira_sync import sync
from jira_sync.admin.pages import PagesMixin, require
from jira_sync.models import OPEN_RUNS, EntryAction, EntryState, RunState, SyncEntry, SyncRun
from slots.admin.operating import OperateMixin, actor_of

CHANGES = (EntryAction.ADD, EntryAction.REMOVE, EntryAction.REMOVE_FILTERED)
STATE_COLOURS = {
    RunState.PLANNING: "info",
    RunState.PLANNED: "info",
    RunState.APPLYING: "info",
    RunState.DONE: "success",
    RunState.PARTIAL: "warning",
    RunState.STOPPED: "danger",
    RunState.FAILED: "danger",
}
CONFIRM, CANCEL = gettext_lazy("Let it go on"), gettext_lazy("Stop this run")
PEOPLE_ON_A_PAGE = 100


class WorthShowingFilter(RadioFilter):
    """Runs that changed something or went wrong, unless all are asked for."""

    title = gettext_lazy("runs")
    parameter_name = "runs"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the choices."""
        return [
            ("changes", gettext_lazy("with changes or problems")),
            ("all", gettext_lazy("all, also those with nothing to do")),
        ]

    def value(self) -> str:
        """Return the choice; nothing chosen means those worth showing."""
        return super().value() or "changes"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Leave out the runs that ended well and had nothing to change."""
        if self.value() == "all":
            return queryset
        changes = SyncEntry.objects.filter(run=OuterRef("pk"), action__in=CHANGES)
        return queryset.exclude(~Q(Exists(changes)), state=RunState.DONE, message="")


@admin.register(SyncRun)
class SyncRunAdmin(OperateMixin, ReadOnlyMixin, AsOfMixin, PagesMixin):
    """Runs to look at; one that stopped for safety can be confirmed, an open one stopped."""

    list_display = [
        "started",
        "pool",
        "status",
        "kind",
        "added",
        "filtered",
        "removed",
        "removed_by_filter",
        "progress",
        "started_by",
    ]
    list_select_related = ["pool", "started_by"]
    list_filter = [
        WorthShowingFilter,
        ("pool", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-started_at", "-pk"]
    actions_detail = ["confirm", "cancel"]
    fields = [
        ("pool", "state"),
        ("started_at", "finished_at"),
        ("kind", "started_by"),
        ("looked_at", "calls"),
        "message",
    ]
    readonly_fields = ["kind"]
    change_form_outer_before_template = "admin/jira_sync/run_progress.html"
    change_form_outer_after_template = "admin/jira_sync/run_people.html"

    def pages(self) -> list[tuple[str, Any, str]]:
        """Return the download."""
        return [("<int:pk>/csv/", self.download, "jira_sync_run_csv")]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Count the people of all runs on the page in one query."""
        page = super().get_changelist_instance(request)
        counts = counts_of([run.pk for run in page.result_list])
        for run in page.result_list:
            run.counts = counts[run.pk]
        return page

    @display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, run: Any) -> SafeString:
        """How long ago."""
        return when(run.started_at, run.as_of)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def status(self, run: SyncRun) -> tuple[str, str]:
        """Where the run is."""
        return run.state, run.get_state_display()

    @display(description=gettext_lazy("kind"))
    def kind(self, run: SyncRun) -> str:
        """Whether it changed anything, and why it ran."""
        if run.reset:
            return _("reset")
        return _("dry run") if run.dry_run else _("sync")

    @display(description=gettext_lazy("added"))
    def added(self, run: Any) -> int:
        """New IUM users."""
        return int(run.counts[EntryAction.ADD])

    @display(description=gettext_lazy("filtered out"))
    def filtered(self, run: Any) -> int:
        """Members of the source groups who do not become IUM users."""
        return int(run.counts[EntryAction.FILTERED])

    @display(description=gettext_lazy("removed"))
    def removed(self, run: Any) -> int:
        """People who left the source groups."""
        return int(run.counts[EntryAction.REMOVE])

    @display(description=gettext_lazy("removed by filter"))
    def removed_by_filter(self, run: Any) -> int:
        """People who are in the source groups but must not be IUM users any more."""
        return int(run.counts[EntryAction.REMOVE_FILTERED])

    @display(description=gettext_lazy("progress"))
    def progress(self, run: Any) -> str:
        """How many of the changes were made."""
        changes = sum(run.counts[one] for one in CHANGES)
        return f"{run.counts['done']} / {changes}" if changes and not run.dry_run else "-"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add progress and people."""
        run = self.get_object(request, object_id) if object_id else None
        context = {**(extra_context or {}), **(self._about(request, run) if run else {})}
        return super().changeform_view(request, object_id, form_url, context)

    def _about(self, request: HttpRequest, run: SyncRun) -> dict[str, Any]:
        chosen = request.GET.get("action", "")
        entries = run.entries.order_by("action", "name", "pk")
        if chosen in EntryAction.values:
            entries = entries.filter(action=chosen)
        return {
            "run": run,
            "running": run.state in OPEN_RUNS,
            "counts": sync.run_counts(run),
            "people": Paginator(entries, PEOPLE_ON_A_PAGE).get_page(request.GET.get("p")),
            "chosen": chosen,
            "columns": EntryAction.choices,
            "at": clock.now(),
        }

    def download(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Send the people of a run as CSV, line by line."""
        require(self.has_view_permission(request))
        run = get_object_or_404(SyncRun, pk=pk)
        headers = {"Content-Disposition": f'attachment; filename="sync-{run.pk}.csv"'}
        return StreamingHttpResponse(
            sync.run_csv(run), content_type="text/csv; charset=utf-8", headers=headers
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer only what the run's state allows."""
        state = SyncRun.objects.filter(pk=object_id).values_list("state", flat=True).first()
        offered = {"confirm": state == RunState.STOPPED, "cancel": state in OPEN_RUNS}
        actions = super().get_actions_detail(request, object_id)  # type: ignore[misc] # unfold's
        return [one for one in actions if offered[one.method.original_function_name]]

    def _back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return finished(request, reverse("admin:jira_sync_syncrun_change", args=[object_id]))

    @action(
        description=CONFIRM,
        icon="play_arrow",
        permissions=["operate"],
        dialog=question(
            CONFIRM,
            gettext_lazy(
                "You have seen whom this run removes. It reads the groups anew; if by now others would go,"
                " it asks again."
            ),
            CONFIRM,
        ),
    )
    def confirm(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Let a run that stopped for safety go on."""

        def step() -> str:
            sync.run_confirm(run_id=int(object_id), actor=actor_of(request), at=clock.now())
            return _("The run goes on.")

        self.attempt(request, step)
        return self._back(request, object_id)

    @action(
        description=CANCEL,
        icon="stop_circle",
        permissions=["operate"],
        dialog=question(
            CANCEL,
            gettext_lazy("It stops after the person it is at. What was done stays done."),
            CANCEL,
        ),
    )
    def cancel(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Stop an open run."""

        def step() -> str:
            run_id, actor = int(object_id), actor_of(request)
            stopped = sync.run_cancel(run_id=run_id, actor=actor, at=clock.now())
            return _("The run was stopped.") if stopped else _("The run was over already.")

        self.attempt(request, step)
        return self._back(request, object_id)


def counts_of(run_ids: list[int]) -> dict[int, Counter[str]]:
    """Count the people of these runs by action; "done" are the changes that were made."""
    rows = SyncEntry.objects.filter(run__in=run_ids).order_by()
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    grouped = rows.values_list("run", "action", "state").annotate(number=Count("pk"))
    for run_id, what, state, number in grouped:
        counts[run_id][what] += number
        if state == EntryState.DONE and what in CHANGES:
            counts[run_id]["done"] += number
    return counts
