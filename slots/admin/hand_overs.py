"""Hand-overs, newest first: how long each step took."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from ium.lib.admin import AsOfMixin, ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import exact, span, when
from slots.admin.filters import PeriodFilter
from slots.admin.names import NamesMixin, person_of
from slots.handovers import Chain, chains_of
from slots.models import HandOver, LossReason

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    class _Shown(AsOf):
        """What the list adds to a grant."""

        chain: Chain
        names_shown: bool

    ShownHandOver = WithAnnotations[HandOver, _Shown]


def length(time: timedelta | None, *moments: tuple[Any, datetime | None]) -> SafeString:
    """Return a length of time, to the tenth while it is short, with the moments it lies between on pointing at it."""
    if time is None:
        return SafeString("-")
    seconds = max(0.0, time.total_seconds())
    short = seconds < 60
    text = _("%(number)s s") % {"number": localize(round(seconds, 1))} if short else span(seconds)
    named = "; ".join(f"{name}: {exact(moment)}" for name, moment in moments if moment is not None)
    return format_html('<span title="{}">{}</span>', named, text)


@admin.register(HandOver)
class HandOverAdmin(NamesMixin, ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """Who got whose slot, and how long each step took. The journal says the same, entry by entry."""

    list_display = [
        "moment",
        "pool",
        "holder_before",
        "person",
        "removal",
        "free",
        "addition",
        "telling",
        "whole",
    ]
    list_display_links = None
    list_select_related = ["pool", "user"]
    list_filter = [("pool", RelatedDropdownFilter), ("at", PeriodFilter)]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["user__display_name", "user__email", "user__account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id of the user")
    ordering = ["-at", "-pk"]
    fields = [("at", "pool"), ("person", "slot_id"), ("reason", "fence"), "details"]
    readonly_fields = ["person"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the journal may see this."""
        return request.user.has_perm("slots.view_journalentry")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Follow the journal."""
        return self.has_view_permission(request)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Put the chains of all rows of the page together, by one query."""
        page = super().get_changelist_instance(request)
        chains = chains_of(page.result_list)
        for grant in page.result_list:
            grant.chain = chains[grant.pk]
        return page

    @display(description=gettext_lazy("given"), ordering="at")
    def moment(self, grant: "ShownHandOver") -> SafeString:
        """When the next person was given the slot."""
        return when(grant.at, grant.as_of)

    @display(description=gettext_lazy("from"))
    def holder_before(self, grant: "ShownHandOver") -> SafeString | None:
        """Who had it, and why they lost it; empty for a slot that was free."""
        taken = grant.chain.before
        if taken is None:
            return None
        known = taken.reason in LossReason.values
        reason = LossReason(taken.reason).label if known else taken.reason
        before = person_of(grant, taken.user) or "\N{EN DASH}"
        return format_html("{} ({})", before, reason)

    @display(description=gettext_lazy("user"))
    def person(self, grant: "ShownHandOver") -> str | None:
        """Who got it."""
        return person_of(grant, grant.user)

    @display(description=gettext_lazy("removal"))
    def removal(self, grant: "ShownHandOver") -> SafeString:
        """From the decision to Jira's confirmation."""
        chain = grant.chain
        return length(
            chain.removing,
            (_("found inactive"), chain.noticed_at),
            (_("taken"), chain.before.at if chain.before is not None else None),
            (_("Jira asked"), chain.removal_asked_at),
            (_("Jira confirmed"), chain.removed_at),
        )

    @display(description=gettext_lazy("free"))
    def free(self, grant: "ShownHandOver") -> SafeString:
        """From Jira's confirmation to the next person's grant: who waits and is there gets it at once."""
        return length(grant.chain.idle)

    @display(description=gettext_lazy("addition"))
    def addition(self, grant: "ShownHandOver") -> SafeString:
        """From the grant to Jira's confirmation."""
        chain = grant.chain
        return length(
            chain.adding,
            (_("given"), chain.given_at),
            (_("Jira asked"), chain.addition_asked_at),
            (_("Jira confirmed"), chain.added_at),
        )

    @display(description=gettext_lazy("until heard of"))
    def telling(self, grant: "ShownHandOver") -> SafeString:
        """From Jira's confirmation until the person's browser asked."""
        return length(grant.chain.telling, (_("taken up"), grant.chain.taken_up_at))

    @display(description=gettext_lazy("all in all"))
    def whole(self, grant: "ShownHandOver") -> SafeString:
        """From the decision to take the slot until the next person heard of it."""
        return length(grant.chain.whole)
