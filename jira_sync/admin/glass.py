"""Break glass: in an emergency everybody gets access, with one confirmed action, and loses it with another."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.directory.models import Group
from ium.lib import clock
from ium.lib.admin import AsOfMixin, ReadOnlyMixin, action, display, finished, question
from ium.lib.spans import when
from jira_sync import glass
from jira_sync.admin.pages import PagesMixin, may_break_glass, require
from jira_sync.forms import GlassForm
from jira_sync.models import BreakGlass, GlassState
from slots.admin.operating import actor_of
from slots.models import LicencePool

START, TAKE_BACK = gettext_lazy("Break glass"), gettext_lazy("Take the access back")
COLOURS = {
    GlassState.GIVING: "warning",
    GlassState.GIVEN: "danger",
    GlassState.TAKING: "warning",
    GlassState.ENDED: "default",
}
UNDER_WAY = (GlassState.GIVING, GlassState.TAKING)
ENDABLE = (GlassState.GIVING, GlassState.GIVEN)
FAILURES_SHOWN = 50


@admin.register(BreakGlass)
class BreakGlassAdmin(ReadOnlyMixin, AsOfMixin, PagesMixin):
    """The actions so far, and the page that starts one. Starting asks Jira, so it is outside transactions."""

    list_display = ["pool", "group", "status", "started", "started_by", "ended_at"]
    list_select_related = ["pool", "group", "started_by"]
    ordering = ["-started_at", "-pk"]
    actions_list = ["start"]
    actions_detail = ["take_back"]
    list_before_template = "admin/jira_sync/glass_intro.html"
    fields = [("pool", "group"), ("state", "started_by"), ("started_at", "ended_at"), "message"]
    change_form_outer_before_template = "admin/jira_sync/glass_progress.html"

    def pages(self) -> list[tuple[str, Any, str]]:
        """Return the pages on the way to an action."""
        return [
            ("begin/", self.pools_page, "jira_sync_glass"),
            ("begin/<int:pool_id>/", self.start_page, "jira_sync_glass_pool"),
        ]

    def has_break_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers, and who got this right by itself."""
        return may_break_glass(request)

    @display(description=gettext_lazy("state"), label=COLOURS)
    def status(self, row: BreakGlass) -> tuple[str, str]:
        """Where it is."""
        return row.state, row.get_state_display()

    @display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, row: Any) -> SafeString:
        """How long ago."""
        return when(row.started_at, row.as_of)

    @action(description=START, url_path="start", icon="emergency", permissions=["break"])
    def start(self, request: HttpRequest) -> HttpResponse:
        """Go to the page that explains and asks."""
        return HttpResponseRedirect(reverse("admin:jira_sync_glass"))

    def pools_page(self, request: HttpRequest) -> HttpResponse:
        """Let a pool be chosen; with a single one there is nothing to choose."""
        require(may_break_glass(request))
        pools = list(LicencePool.objects.order_by("name"))
        if len(pools) == 1:
            address = reverse("admin:jira_sync_glass_pool", args=[pools[0].pk])
            return HttpResponseRedirect(address)
        return self.show(request, "glass_pools.html", str(START), pools=pools)

    def start_page(self, request: HttpRequest, pool_id: int) -> HttpResponse:
        """Choose a group, see whom it concerns, confirm, start."""
        require(may_break_glass(request))
        pool = get_object_or_404(LicencePool.objects.select_related("site"), pk=pool_id)
        if (running := glass.open_glass(pool)) is not None:
            return HttpResponseRedirect(_page_of(running))
        posted = request.method == "POST"
        data = request.POST if posted else request.GET or None
        form = GlassForm(data, pool=pool)
        chosen = form.cleaned_data["group"] if form.is_bound and form.is_valid() else None
        if posted and chosen is not None and self._agreed(form):
            return self._start(request, pool, chosen)
        return self._ask(request, pool, form, chosen)

    def _agreed(self, form: GlassForm) -> bool:
        if form.cleaned_data["understood"]:
            return True
        form.add_error("understood", _("Switch this on to confirm."))
        return False

    def _ask(
        self, request: HttpRequest, pool: LicencePool, form: GlassForm, chosen: Group | None
    ) -> HttpResponse:
        context = {"pool": pool, "form": form, "chosen": chosen, "media": form.media}
        if chosen is not None:
            context["preview"] = glass.glass_preview(pool_id=pool.pk)
        title = _("Break glass for %(pool)s") % {"pool": pool}
        return self.show(request, "glass_start.html", title, **context)

    def _start(self, request: HttpRequest, pool: LicencePool, group: Group) -> HttpResponse:
        address = [reverse("admin:jira_sync_glass_pool", args=[pool.pk])]

        def step() -> str:
            row = glass.glass_start(
                pool_id=pool.pk, group_id=group.pk, actor=actor_of(request), at=clock.now()
            )
            address[0] = _page_of(row)
            return _("Everybody is being given access; a worker does it person by person.")

        self.attempt(request, step)
        return HttpResponseRedirect(address[0])

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer to take back only what is given."""
        if not BreakGlass.objects.filter(pk=object_id, state__in=ENDABLE).exists():
            return []
        return super().get_actions_detail(request, object_id)  # type: ignore[misc] # unfold's

    @action(
        description=TAKE_BACK,
        url_path="take-back",
        icon="undo",
        permissions=["break"],
        dialog=question(
            TAKE_BACK,
            gettext_lazy(
                "Everybody whom break glass put into the group is taken out of it. Who was in it before stays."
            ),
            TAKE_BACK,
        ),
    )
    def take_back(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """End the action."""

        def step() -> str:
            actor = actor_of(request)
            ended = glass.glass_end(glass_id=int(object_id), actor=actor, at=clock.now())
            return _("The access is being taken back.") if ended else _("It has ended already.")

        self.attempt(request, step)
        return finished(request, reverse("admin:jira_sync_breakglass_change", args=[object_id]))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add how far it is."""
        row = self.get_object(request, object_id) if object_id else None
        context = {**(extra_context or {}), **(_progress(row) if row is not None else {})}
        return super().changeform_view(request, object_id, form_url, context)


def _page_of(row: BreakGlass) -> str:
    return reverse("admin:jira_sync_breakglass_change", args=[row.pk])


def _progress(row: BreakGlass) -> dict[str, Any]:
    failures = row.members.exclude(error="").select_related("user").order_by("pk")
    return {
        "glass": row,
        "running": row.state in UNDER_WAY,
        "counts": glass.glass_counts(row),
        "failures": failures[:FAILURES_SHOWN],
        "at": clock.now(),
    }
