"""What an administrator may write into the configuration of a pool, and what IUM says about it."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ium.directory.models import Group
from ium.lib.admin import https_first
from slots.models import LicencePool
from slots.models.pool import TEST_INACTIVITY_MINUTES

SHORTEST_SECRET = 24
HELP_TEXTS = {
    "key": gettext_lazy("Used in addresses and by the extension, for example “jira”."),
    "site": gettext_lazy("Where the licences are. Its keys are under “Sites”."),
    "product": gettext_lazy("Every product has a pool of its own."),
    "enabled": gettext_lazy(
        "Off: nobody gets a slot and nobody loses one. Who has access to Jira keeps it."
    ),
    "dry_run": gettext_lazy(
        "The journal shows what IUM would do; nobody is added or removed in Jira."
        " Can be switched while no slot is in use."
    ),
    "measuring": gettext_lazy(
        "Only records when people are active, to find the right number of licences: nobody gets or loses a slot, nobody"
        " is warned, no group in Jira is changed. Begins and ends with the buttons above."
    ),
    "access_group": gettext_lazy(
        "The Jira group that gives product access and nothing else. Only IUM writes its members."
    ),
    "user_group": gettext_lazy(
        "The Jira group of everybody who shares these licences. It gives no product access."
    ),
    "assigned_licences": gettext_lazy(
        "So many people have access at the same time, at most. 0: nobody gets a slot. When you lower it, nobody is"
        " thrown out: surplus slots go as they become free."
    ),
    "buffer_licences": gettext_lazy("Of the assigned licences, so many are never given out."),
    "inactivity_minutes": gettext_lazy(
        "After so many minutes without activity somebody may lose the slot. Usual: 60. From 5 to 30 is meant for tests."
    ),
    "sweep_interval_minutes": gettext_lazy(
        "Every so many minutes people who were inactive too long lose their slots. Usual: 5."
    ),
    "warning_seconds": gettext_lazy(
        "So many seconds before the removal people see “Lost Jira slot” and can keep it. At least 60."
    ),
    "minimum_hold_seconds": gettext_lazy(
        "A slot that was just given is safe for so many seconds, also from a request of somebody else."
    ),
    "reclaim_on_request": gettext_lazy(
        "When all slots are in use, a request takes the slot of the person inactive longest, if beyond the inactivity"
        " time. That person is not warned."
    ),
    "lock_minutes": gettext_lazy(
        "Who lost a slot to inactivity waits so many minutes before getting one again. 0: no wait."
    ),
    "queue_timer_seconds": gettext_lazy(
        "A waiting browser tries again after so many seconds at the latest; sooner when it is nearly its turn."
    ),
    "claim_seconds": gettext_lazy(
        "A slot whose person does not come within so many seconds goes to the next. At least 90: hidden tabs ask once"
        " a minute."
    ),
    "wait_alert_minutes": gettext_lazy(
        "When somebody waits longer than so many minutes, administrators are told: once, and again when nobody waits"
        " longer than half of it. Mail goes to the site's addresses for problems. 0: never."
    ),
    "wait_alert_webhook": gettext_lazy(
        "An address that gets the same as a signed JSON message (Standard Webhooks). Empty: none."
    ),
    "place_kept_seconds": gettext_lazy(
        "Who stops asking keeps the place in the queue for so many seconds, and holds up nobody."
    ),
    "access_delay_seconds": gettext_lazy(
        "Jira lets somebody in so many seconds after IUM gave the licence."
    ),
    "first_attempt": gettext_lazy("What starts somebody's first attempt to get a slot."),
    "automatic_login": gettext_lazy(
        "After a removal for inactivity the attempts to get a slot again start by themselves; otherwise after a click"
        " on Reconnect."
    ),
    "extension_check": gettext_lazy(
        "People without the browser extension see a notice with a link to install it."
    ),
    "covers_confluence": gettext_lazy(
        "On when the access group also gives Confluence: without a slot the queue is shown there too."
    ),
}


if TYPE_CHECKING:
    PoolModelForm: TypeAlias = forms.ModelForm[LicencePool]
else:
    PoolModelForm = forms.ModelForm


class LicencePoolForm(PoolModelForm):
    """The one configuration screen. Everything is compared with the database, also when history is restored."""

    class Meta:
        model = LicencePool
        formfield_callback = https_first
        fields = ["name", *HELP_TEXTS]
        help_texts = HELP_TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let measuring mode be chosen for a new pool only: later it begins and ends with an action."""
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "measuring" in self.fields:
            self.fields["measuring"].disabled = True

    @cached_property
    def before(self) -> LicencePool | None:
        """The pool as it is now; None for a new one."""
        return LicencePool.objects.filter(pk=self.instance.pk).first()

    @cached_property
    def used(self) -> int:
        """How many slots are in use, being given or being taken."""
        return self.before.slots.used().count() if self.before is not None else 0

    def clean(self) -> dict[str, Any]:
        """Check what one field alone does not tell."""
        data = super().clean() or {}
        if self.before is not None:  # also when older settings are restored
            data["measuring"] = self.instance.measuring = self.before.measuring
        self._check_groups(data)
        self._check_fixed_while_used(data)
        self._check_numbers(data)
        self._check_webhook(data)
        return data

    def _check_webhook(self, data: dict[str, Any]) -> None:
        if data.get("wait_alert_webhook") and len(settings.IUM_WEBHOOK_SECRET) < SHORTEST_SECRET:
            text = _(
                "First set IUM_WEBHOOK_SECRET for the server to at least %(number)s characters: it signs the messages."
            )
            self.add_error("wait_alert_webhook", text % {"number": SHORTEST_SECRET})

    def _check_groups(self, data: dict[str, Any]) -> None:
        site, access, user = data.get("site"), data.get("access_group"), data.get("user_group")
        for field, group in (("access_group", access), ("user_group", user)):
            if site is not None and group is not None and group.site_id != site.pk:
                text = _("“%(group)s” is a group of another site. Choose one of %(site)s.")
                self.add_error(field, text % {"group": group, "site": site})
        if access is not None and access == user:
            self.add_error(
                "user_group",
                _("Choose two different groups: the user group must not give product access."),
            )
        elif access is not None:
            self._check_access_group(access)
        if user is not None and user != access:
            self._check_user_group(user)

    def _others(self) -> Any:
        return LicencePool.objects.exclude(pk=self.instance.pk)

    def _check_access_group(self, group: Group) -> None:
        other = self._others().filter(Q(access_group=group) | Q(user_group=group)).first()
        if other is None:
            return
        text = (
            _("“%(group)s” is already the access group of %(pool)s. Every pool needs its own.")
            if other.access_group_id == group.pk
            else _("“%(group)s” is the user group of %(pool)s: its people would all get access.")
        )
        self.add_error("access_group", text % {"group": group, "pool": other})

    def _check_user_group(self, group: Group) -> None:
        other = self._others().filter(access_group=group).first()
        if other is not None:
            text = _("“%(group)s” is the access group of %(pool)s: it gives product access.")
            self.add_error("user_group", text % {"group": group, "pool": other})

    def _check_fixed_while_used(self, data: dict[str, Any]) -> None:
        """Refuse to turn away from a site or group in Jira while people are in it through IUM."""
        if not self.used:
            return
        fixed = _("Take back all slots first: %(used)s still in use here.") % {"used": self.used}
        for field in ("site", "access_group", "user_group", "dry_run"):
            if field in data and data[field] != getattr(self.before, field):
                self.add_error(field, fixed)

    def _check_numbers(self, data: dict[str, Any]) -> None:
        licences, kept_back = data.get("assigned_licences"), data.get("buffer_licences")
        if licences is not None and kept_back is not None and kept_back > licences:
            text = _("Keep back at most the %(number)s assigned licences.")
            self.add_error("buffer_licences", text % {"number": licences})
        minutes, warning = data.get("inactivity_minutes"), data.get("warning_seconds")
        if minutes is not None and warning is not None and warning >= minutes * 60:
            text = _("Warn for less than the inactivity time: below %(number)s seconds.")
            self.add_error("warning_seconds", text % {"number": minutes * 60})

    def notices(self) -> list[str]:
        """Return what an administrator should know about what was just saved."""
        found = [
            self._notice_of_tests(),
            self._notice_of_licences(),
            self._notice_of_switch(),
            self._notice_of_draining(),
        ]
        return [text for text in found if text]

    def _notice_of_tests(self) -> str:
        if self.instance.inactivity_minutes > TEST_INACTIVITY_MINUTES:
            return ""
        text = _(
            "%(number)s minutes of inactivity is meant for tests: people who read or think would lose their slots."
        )
        return text % {"number": self.instance.inactivity_minutes}

    def _notice_of_licences(self) -> str:
        if self.instance.slot_count > 0:
            return ""
        return _("No licence is given out: everybody who asks waits.")

    def _notice_of_switch(self) -> str:
        if self.before is None or self.before.enabled == self.instance.enabled:
            return ""
        if self.instance.enabled:
            return _("The pool is on again: free slots go to those who wait, and sweeps resume.")
        return _(
            "The pool is off: from now on nobody gets a slot and nobody loses one. Holders keep their access to Jira."
        )

    def _notice_of_draining(self) -> str:
        surplus = self.used - self.instance.slot_count
        lowered = self.before is not None and self.instance.slot_count < self.before.slot_count
        if surplus <= 0 or not lowered:
            return ""
        return ngettext(
            "%(number)s slot is still in use; it drains as it becomes free.",
            "%(number)s slots are still in use; they drain as they become free.",
            surplus,
        ) % {"number": surplus}
