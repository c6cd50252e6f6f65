"""What an administrator can make a pool do at once."""

from collections.abc import Callable
from typing import Any

from celery import current_app
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from ium.directory.models import User
from ium.lib import clock
from ium.lib.admin import action, finished, question
from ium.lib.errors import Refused
from ium.lib.spans import relative
from slots import services
from slots.admin.operating import OperateMixin, actor_of
from slots.models import LicencePool
from slots.overview import sweep_after, why_nothing_is_taken

SWEEP = gettext_lazy("Sweep now")
RECONCILE = gettext_lazy("Reconcile now")
RESTART = gettext_lazy("Restart inactivity clocks")

# By name, not by import: jira_sync stands above slots.
RECONCILE_TASK = "jira_sync.tasks.reconcile"


MEASURE = gettext_lazy("Begin measuring mode")
MEASURED = gettext_lazy("End measuring mode")

Step = Callable[[LicencePool, User], str]


def sweep(pool: LicencePool, actor: User) -> str:
    """Run warnings and sweep right now; return what happened as a sentence."""
    at = clock.now()
    warned = services.sweep_warn(pool_id=pool.pk, at=at, actor=actor)
    taken = services.sweep_revoke(pool_id=pool.pk, at=at, actor=actor)
    parts = [
        _("%(pool)s was swept. Warned: %(warned)s. Slots taken: %(taken)s."),
        why_nothing_is_taken(pool, at),
        _(
            "The next sweep is %(next)s; nobody loses a slot to it without a warning at least 60 s before."
        ),
    ]
    words = {
        "pool": pool,
        "warned": warned,
        "taken": taken,
        "next": relative(sweep_after(pool, at), at),
    }
    return " ".join(part for part in parts if part) % words


def reconcile(pool: LicencePool, actor: User) -> str:
    """Ask a worker to compare the pools with their access groups; return what happens as a sentence."""
    try:
        current_app.send_task(RECONCILE_TASK, retry=False, expires=60)
    except OperationalError as error:
        raise Refused(
            _("The broker does not answer. The reconciler also runs by itself: look at “Jobs”.")
        ) from error
    return _("IUM compares its slots with Jira now; what it repairs or reports is in the journal.")


def restart(pool: LicencePool, actor: User) -> str:
    """Let every holder's inactivity count from now; return what happened as a sentence."""
    holders = services.clocks_restart(
        pool_id=pool.pk, reason="administrator", seconds=0, at=clock.now(), actor=actor
    )
    text = _("%(pool)s: inactivity counts anew (holders: %(number)s); warnings were taken back.")
    return text % {"pool": pool, "number": holders}


def measuring_begin(pool: LicencePool, actor: User) -> str:
    """Let the pool only measure; return what that means as a sentence."""
    services.measuring_begin(pool_id=pool.pk, at=clock.now(), actor=actor)
    text = _(
        "%(pool)s only measures from now on: nobody gets or loses a slot, Jira is not changed."
    )
    return text % {"pool": pool}


def measuring_end(pool: LicencePool, actor: User) -> str:
    """Let the pool give out slots; return what that means as a sentence."""
    services.measuring_end(pool_id=pool.pk, at=clock.now(), actor=actor)
    text = _(
        "%(pool)s gives out slots from now on. Whoever is in the access group already shows at the next comparison."
    )
    return text % {"pool": pool}


def asks_first(
    title: Promise, text: Promise, *, icon: str, right: str = "operate"
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Make a method a button of a pool's page that says what it does before it does it."""
    return action(
        description=title, icon=icon, permissions=[right], dialog=question(title, text, title)
    )


class PoolActionsMixin(OperateMixin):
    """The actions, on a pool's page and in the list. Each is noted in the admin's log with who did it."""

    actions = ["sweep_selected", "reconcile_selected", "restart_selected"]
    actions_detail = [
        "sweep_now",
        "reconcile_now",
        "restart_clocks",
        "begin_measuring",
        "end_measuring",
    ]

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Of the two buttons about measuring show the one that fits: all of them are wider than a page."""
        measuring = LicencePool.objects.filter(pk=object_id, measuring=True).exists()
        other = "begin_measuring" if measuring else "end_measuring"
        return [
            each
            for each in super().get_actions_detail(request, object_id)  # type: ignore[misc] # unfold is not typed
            if not each.action_name.endswith(other)
        ]

    def _run(self, request: HttpRequest, pool: LicencePool, step: Step) -> None:
        try:
            text = step(pool, actor_of(request))
        except Refused as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
            return
        self.log_change(request, pool, text)
        self.message_user(request, text, messages.SUCCESS)

    def _run_one(self, request: HttpRequest, object_id: str, step: Step) -> HttpResponse:
        pool = get_object_or_404(LicencePool.objects.select_related("site"), pk=object_id)
        self._run(request, pool, step)
        return finished(request, reverse("admin:slots_licencepool_change", args=[pool.pk]))

    @asks_first(
        SWEEP,
        gettext_lazy(
            "Takes the slots of people whose warning has run out, and warns those whom the coming sweep will take."
            " Nobody loses a slot who was not warned at least 60 seconds ago."
        ),
        icon="mop",
    )
    def sweep_now(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Sweep this pool."""
        return self._run_one(request, object_id, sweep)

    @asks_first(
        RECONCILE,
        gettext_lazy(
            "Compares the slots of every pool with the members of its access group in Jira, and repairs differences"
            " in the safe direction. It never removes members that IUM did not add."
        ),
        icon="sync_alt",
    )
    def reconcile_now(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Compare with Jira."""
        return self._run_one(request, object_id, reconcile)

    @asks_first(
        RESTART,
        gettext_lazy(
            "The inactivity of every holder counts from now, and warnings are taken back: nobody loses a slot to"
            " the sweep before a full inactivity time has passed."
        ),
        icon="restart_alt",
    )
    def restart_clocks(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Restart the clocks of this pool."""
        return self._run_one(request, object_id, restart)

    @asks_first(
        MEASURE,
        gettext_lazy(
            "IUM only records when people are active. Nobody gets or loses a slot, nobody is warned, no group in"
            " Jira is changed. Possible while no slot is in use; whoever waits is taken out of the queue."
        ),
        icon="monitoring",
        right="change",
    )
    def begin_measuring(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Let this pool only measure."""
        return self._run_one(request, object_id, measuring_begin)

    @asks_first(
        MEASURED,
        gettext_lazy(
            "From now on IUM gives and takes slots, and writes the access group in Jira. Check the number of"
            " licences, the groups and the dry run first."
        ),
        icon="start",
        right="change",
    )
    def end_measuring(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Let this pool give out slots."""
        return self._run_one(request, object_id, measuring_end)

    @action(description=SWEEP, permissions=["operate"])
    def sweep_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Sweep the selected pools."""
        for pool in queryset:
            self._run(request, pool, sweep)

    @action(description=RECONCILE, permissions=["operate"])
    def reconcile_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Compare with Jira: one run looks at all pools."""
        self._run(request, queryset[0], reconcile)

    @action(description=RESTART, permissions=["operate"])
    def restart_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Restart the clocks of the selected pools."""
        for pool in queryset:
            self._run(request, pool, restart)
