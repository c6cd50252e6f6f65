"""What may be chosen in the admin: groups that suit, with the reason for each that does not; licences that exist."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import (
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldBooleanSwitchWidget,
)

from ium.directory.models import Group, Product, Site
from jira_sync.doctor.group_use import Role, gives, product_name
from jira_sync.doctor.services import LicenceSum
from jira_sync.glass import suitable
from jira_sync.models import SyncSettings
from jira_sync.services.groups import suitable_groups
from slots.forms import LicencePoolForm
from slots.models import LicencePool

if TYPE_CHECKING:
    SyncModelForm: TypeAlias = forms.ModelForm[SyncSettings]
else:
    SyncModelForm = forms.ModelForm

ROLES: dict[str, Role] = {"access_group": "access", "user_group": "user"}
SHOWN_AT_MOST = 200
LIKE_A_LINK = "cursor: pointer; text-decoration: underline"


@dataclass
class Picks:
    """Groups to choose from with what to call them, and those left out with the reason (both by primary key)."""

    labels: dict[int, str] = field(default_factory=dict)
    left_out: dict[int, tuple[str, str]] = field(default_factory=dict)

    def choices(self, current: Iterable[Group], *, empty: bool = False) -> list[tuple[Any, str]]:
        """Return the choices; what is chosen now is among them, whether it suits or not."""
        kept = {group.pk: str(group) for group in current}
        first = [("", _("Select value"))] if empty else []
        rows = sorted({**kept, **self.labels}.items(), key=lambda one: one[1].lower())
        return [*first, *rows]

    def reason(self, group: Group) -> str:
        """Return why the group does not suit; empty when it does."""
        unknown = (str(group), _("It is a group of another site."))
        return "" if group.pk in self.labels else self.left_out.get(group.pk, unknown)[1]


def picks_of(
    *, sites: Sequence[Site], role: Role, products: Sequence[str], pool: LicencePool | None
) -> Picks:
    """Sort the sites' groups into those that suit one of the products and the others."""
    picks = Picks()
    for site in sites:
        for product in products:
            for group, reason in suitable_groups(site=site, role=role, product=product, pool=pool):
                label = _label(group, site if len(sites) > 1 else None)
                _sort_in(picks, group, label, reason)
        if role == "access" and len(products) > 1:
            _name_products(picks, site)
    return picks


def _sort_in(picks: Picks, group: Group, label: str, reason: str | None) -> None:
    if reason is None:
        picks.labels[group.pk] = label
        picks.left_out.pop(group.pk, None)
    elif group.pk not in picks.labels:
        picks.left_out.setdefault(group.pk, (label, reason))


def _label(group: Group, site: Site | None) -> str:
    return f"{group} ({site})" if site is not None else str(group)


def _name_products(picks: Picks, site: Site) -> None:
    """Say which product a group gives, where it is not known yet which one is wanted."""
    for group in site.groups.filter(pk__in=picks.labels):
        names = [product_name(one["product"]) for one in group.grants or ()]
        picks.labels[group.pk] += f": {', '.join(names)}"


def left_out(text: str, picks: Picks) -> SafeString:
    """Return a field's help, and below it the groups that cannot be chosen with the reasons."""
    rows = sorted(picks.left_out.values(), key=lambda one: one[0].lower())
    if not rows:
        nothing = _("No group is known yet: read the groups on the page of the site.")
        return format_html("{} {}", text, nothing if not picks.labels else "")
    summary = ngettext(
        "%(number)d group is left out: why?", "%(number)d groups are left out: why?", len(rows)
    ) % {"number": len(rows)}
    shown = format_html_join("", "<li><strong>{}</strong>: {}</li>", rows[:SHOWN_AT_MOST])
    none = _("No group suits.") if not picks.labels else ""
    return format_html(
        '{} {}<details><summary style="{}">{}</summary><ul>{}</ul></details>',
        text,
        none,
        LIKE_A_LINK,
        summary,
        shown,
    )


def sites_named() -> list[Site]:
    """Return all sites without their keys: a stored key that cannot be opened must not close a page."""
    return list(Site.objects.only("pk", "name").order_by("name"))


class SuitedPoolForm(LicencePoolForm):
    """A pool's configuration; `licence_sum` is what was counted before, or None."""

    licence_sum: LicenceSum | None = None

    class Meta(LicencePoolForm.Meta):
        widgets = dict.fromkeys(ROLES, UnfoldAdminSelect2Widget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the groups that suit."""
        super().__init__(*args, **kwargs)
        for name, role in ROLES.items():
            if name in self.fields:
                self._offer(name, self._picks(role))

    def _picks(self, role: Role) -> Picks:
        """Return the groups for the pool's site and product; for a new pool those of any."""
        pool = self.before
        sites = [pool.site] if pool is not None and not self.is_bound else sites_named()
        products = [pool.product] if pool is not None else Product.values
        return picks_of(sites=sites, role=role, products=products, pool=pool)

    def _offer(self, name: str, picks: Picks) -> None:
        field = self.fields[name]
        current = [getattr(self.before, name)] if self.before is not None else []
        field.widget.choices = picks.choices(current, empty=True)
        field.help_text = left_out(str(field.help_text), picks)

    def clean(self) -> dict[str, Any]:
        """Check the groups against what they give, and the licences against those there are."""
        data = super().clean()
        for name, role in ROLES.items():
            self._check_suits(name, role, data)
        self._check_sum()
        return data

    def _check_suits(self, name: str, role: Role, data: dict[str, Any]) -> None:
        """Refuse a group that is newly chosen and does not suit. One that is in use is the check's business."""
        group, site, product = data.get(name), data.get("site"), data.get("product")
        if group is None or site is None or product is None or name in self.errors:
            return
        before = self.before
        fields = (name, "site", "product")
        if before is not None and all(getattr(before, one) == data[one] for one in fields):
            return
        picks = picks_of(sites=[site], role=role, products=[product], pool=before)
        if reason := picks.reason(group):
            self.add_error(name, f"“{group}”: {reason}")

    def _check_sum(self) -> None:
        """Refuse more licences than are possible, unless that was so before and gets no worse."""
        counted, field = self.licence_sum, "assigned_licences"
        if counted is None or counted.fits or field in self.errors:
            return
        if self.before is None or counted.assigned > self.before.assigned_licences:
            text = _("So many licences there are not: %(sum)s.")
            self.add_error(field, text % {"sum": counted.sentence})


class SyncSettingsForm(SyncModelForm):
    """Where a pool's IUM users come from."""

    class Meta:
        model = SyncSettings
        fields = [
            "pool",
            "source_groups",
            "enabled",
            "interval_minutes",
            "maximum_users",
            "largest_loss_percent",
        ]
        widgets = {"source_groups": UnfoldAdminSelect2MultipleWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the groups that suit."""
        super().__init__(*args, **kwargs)
        if "pool" in self.fields:
            pools = LicencePool.objects.filter(sync=None)
            self.fields["pool"].queryset = pools  # type: ignore[attr-defined]
        if "source_groups" in self.fields:
            self._offer(self.fields["source_groups"])

    def _offer(self, field: Any) -> None:
        picks = self._picks()
        chosen = self.instance.source_groups.all() if self.instance.pk else Group.objects.none()
        field.widget.choices = picks.choices(chosen)
        # Unfold gives lists of several the look of a plain one, and Django tells people to hold down a key.
        inner = getattr(field.widget, "widget", field.widget)
        inner.attrs["class"] = UnfoldAdminSelect2MultipleWidget().attrs["class"]
        text = SyncSettings._meta.get_field("source_groups").help_text
        field.help_text = left_out(str(text), picks)

    def _picks(self) -> Picks:
        if self.instance.pk is None:
            return picks_of(sites=sites_named(), role="source", products=Product.values, pool=None)
        pool = self.instance.pool
        return picks_of(sites=[pool.site], role="source", products=[pool.product], pool=pool)

    def clean(self) -> dict[str, Any]:
        """Refuse groups that are newly chosen and do not suit the pool."""
        data = super().clean() or {}
        pool = data.get("pool") or getattr(self.instance, "pool", None)
        groups = set(data.get("source_groups") or ())
        if self.instance.pk:
            groups -= set(self.instance.source_groups.all())
        if pool is not None and groups:
            self._check(pool, groups)
        return data

    def _check(self, pool: LicencePool, groups: Iterable[Group]) -> None:
        picks = picks_of(sites=[pool.site], role="source", products=[pool.product], pool=pool)
        for group in sorted(groups, key=str):
            if reason := picks.reason(group):
                self.add_error("source_groups", f"“{group}”: {reason}")


def glass_groups(pool: LicencePool) -> list[Group]:
    """Return the groups that could give everybody in the pool access."""
    groups = Group.objects.filter(site=pool.site_id, grants__isnull=False, is_admin=False)
    giving = (group for group in groups.order_by("name") if gives(group, pool.product))
    return [group for group in giving if suitable(group, pool)]


class GlassForm(forms.Form):
    """Through which group everybody gets access. `understood` is asked only for the start itself."""

    group = forms.ModelChoiceField(
        label=gettext_lazy("Group that gives the access"),
        queryset=Group.objects.none(),
        widget=UnfoldAdminSelect2Widget,
    )
    understood = forms.BooleanField(
        label=gettext_lazy("I understand that this may cost licences."),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(self, *args: Any, pool: LicencePool, **kwargs: Any) -> None:
        """Offer the groups that suit the pool."""
        super().__init__(*args, **kwargs)
        ids = [group.pk for group in glass_groups(pool)]
        groups = Group.objects.filter(pk__in=ids).order_by("name")
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
