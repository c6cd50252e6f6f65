"""The steps from an empty database to a working pool, each with its state and the place to go on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, Value, When
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ium.directory.models import ConnectionState, Device, Site
from jira_sync.models import OPEN_RUNS, Finding, RunState, Severity, SyncRun
from slots.models import LicencePool

GROUP_CODES = frozenset({"group_missing", "group_renamed"})
SOURCE_CODES = frozenset({"source_group_gives_product"})
WELL = (RunState.DONE, RunState.PARTIAL)


class StepState(StrEnum):
    """Where a step is."""

    DONE = "done"
    MISSING = "missing"
    WRONG = "wrong"

    @property
    def label(self) -> str | Promise:
        """The state for people."""
        return {
            StepState.DONE: gettext_lazy("done"),
            StepState.MISSING: gettext_lazy("missing"),
            StepState.WRONG: gettext_lazy("wrong"),
        }[self]


@dataclass(frozen=True)
class Step:
    """One step: what it is for, how it stands in sentences, where to go on."""

    code: str
    title: str
    state: StepState
    sentences: list[str]
    link: str
    link_text: str


@dataclass(frozen=True)
class Trouble:
    """Why a step is not done, and where that is mended."""

    state: StepState
    sentence: str
    link: str
    link_text: str = gettext_lazy("Set this right")  # type: ignore[assignment] # words of the reader


@dataclass
class Facts:
    """Everything the steps are worked out from, in a fixed number of queries."""

    sites: list[Site]
    pools: list[LicencePool]
    findings: list[Finding]
    devices: int
    by_step: dict[str, list[Finding]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Sort the findings to the steps."""
        for finding in self.findings:
            self.by_step.setdefault(step_of(finding), []).append(finding)


def step_of(finding: Finding) -> str:
    """Return the step that a finding belongs to; empty for those about the installation."""
    if finding.code in GROUP_CODES:
        return "groups"
    if finding.code in SOURCE_CODES:
        return "sources"
    if finding.pool_id is not None:
        return "pool"
    return "site" if finding.site_id is not None else ""


def place_of(finding: Finding) -> str:
    """Return the address of the page where a finding is mended."""
    if finding.code in GROUP_CODES and finding.site_id is not None:
        return connection_url(finding.site_id)
    if finding.code in SOURCE_CODES and finding.pool_id is not None:
        return reverse("admin:jira_sync_sources", args=[finding.pool_id])
    if finding.pool_id is not None:
        return reverse("admin:slots_licencepool_change", args=[finding.pool_id])
    if finding.site_id is not None:
        return reverse("admin:directory_site_change", args=[finding.site_id])
    return reverse("admin:slots_jobrun_changelist")


def connection_url(site_id: int) -> str:
    """Return the page where a site's keys are tried and its groups read."""
    return reverse("admin:jira_sync_connection", args=[site_id])


def _facts(at: datetime) -> Facts:
    """Read everything. Keys stay in the database: whether one is set can be seen without opening it."""
    keys = ~Q(org_key="") | ~Q(second_org_key="") | ~Q(api_token="")
    there = Count("groups", filter=Q(groups__missing_since=None))
    sites = Site.objects.only("name", "connection_state", "connection_message").annotate(
        has_key=Case(When(keys, then=Value(1)), default=Value(0)), groups_known=there
    )
    rank = Case(When(severity=Severity.ERROR, then=0), default=1)
    findings = Finding.objects.current().exclude(severity=Severity.NOTICE).order_by(rank, "pk")
    return Facts(
        sites=list(sites.order_by("pk")),
        pools=list(_pools()),
        findings=list(findings),
        devices=Device.objects.usable(at).count(),
    )


def _pools() -> Iterable[LicencePool]:
    """Return the pools with their sources and what became of their last run."""
    runs = SyncRun.objects.filter(pool=OuterRef("pk"), reset=False)
    newest = runs.order_by("-started_at", "-pk")
    return LicencePool.objects.order_by("pk").annotate(
        sources=Count("sync__source_groups"),
        synced=Exists(runs.filter(dry_run=False, state__in=WELL)),
        run_pk=Subquery(newest.values("pk")[:1]),
        run_state=Subquery(newest.values("state")[:1]),
        run_message=Subquery(newest.values("message")[:1]),
    )


def setup_steps(at: datetime) -> list[Step]:
    """Return the steps in order. Makes sense on an empty database: the first step is to enter the site."""
    facts = _facts(at)
    return [make(facts) for make in (_site, _groups, _pool, _sources, _first_sync, _extension)]


def _step(
    code: str, title: str, facts: Facts, troubles: list[Trouble], done: tuple[str, str, str]
) -> Step:
    """Put a step together: what is missing first, then what is wrong, else what is well."""
    found = [
        Trouble(StepState.WRONG, one.what, place_of(one)) for one in facts.by_step.get(code, [])
    ]
    all_troubles = [*troubles, *found]
    if not all_troubles:
        sentence, link, link_text = done
        return Step(code, title, StepState.DONE, [sentence], link, link_text)
    first = all_troubles[0]
    sentences = [one.sentence for one in all_troubles]
    return Step(code, title, first.state, sentences, first.link, str(first.link_text))


def _missing(sentence: str, link: str, link_text: str) -> Trouble:
    return Trouble(StepState.MISSING, sentence, link, link_text)


def _site(facts: Facts) -> Step:
    troubles = [trouble for site in facts.sites for trouble in _site_troubles(site)]
    add = reverse("admin:directory_site_add")
    if not facts.sites:
        text = _("Enter the address of your Jira and a key with which IUM may change groups.")
        troubles = [_missing(text, add, _("Enter the site"))]
    number = len(facts.sites)
    done = ngettext("%(number)d site answers.", "%(number)d sites answer.", number)
    link = reverse("admin:directory_site_changelist")
    well = (done % {"number": number}, link, _("Look at the sites"))
    return _step("site", _("Site and keys"), facts, troubles, well)


def _site_troubles(site: Site) -> Iterable[Trouble]:
    change = reverse("admin:directory_site_change", args=[site.pk])
    if not site.has_key:  # type: ignore[attr-defined] # annotated
        yield _missing(_("%(site)s has no key.") % {"site": site}, change, _("Enter a key"))
    elif site.is_down:
        words = {"site": site, "message": site.connection_message}
        yield Trouble(StepState.WRONG, _("%(site)s: %(message)s") % words, connection_url(site.pk))
    elif site.connection_state == ConnectionState.UNKNOWN:
        text = _("Nobody has tried the keys of %(site)s yet.") % {"site": site}
        yield _missing(text, connection_url(site.pk), _("Test the connection"))


def _groups(facts: Facts) -> Step:
    unread = [site for site in facts.sites if not site.groups_known]  # type: ignore[attr-defined]
    text = _("The groups of %(site)s were not read yet.")
    troubles = [
        _missing(text % {"site": site}, connection_url(site.pk), _("Read the groups"))
        for site in unread
    ]
    if not facts.sites:
        troubles = [_after(_("Enter the site first; then IUM reads its groups."))]
    number = sum(site.groups_known for site in facts.sites)  # type: ignore[attr-defined]
    done = ngettext("%(number)d group is known.", "%(number)d groups are known.", number)
    link = reverse("admin:directory_group_changelist")
    well = (done % {"number": number}, link, _("Look at the groups"))
    return _step("groups", _("Groups read"), facts, troubles, well)


def _after(sentence: str) -> Trouble:
    """Return the trouble of a step whose turn has not come: no place to go."""
    return _missing(sentence, "", "")


def _pool(facts: Facts) -> Step:
    add = reverse("admin:slots_licencepool_add")
    troubles = []
    if not facts.pools:
        text = _(
            "Choose the product, the group that gives access, the group of its users, and how many licences are shared."
        )
        troubles = [_missing(text, add, _("Make the pool")) if facts.sites else _after(text)]
    sentences = [_describe(pool) for pool in facts.pools]
    link = reverse("admin:slots_licencepool_changelist")
    return _step(
        "pool", _("Pool"), facts, troubles, (" ".join(sentences), link, _("Look at the pools"))
    )


def _describe(pool: LicencePool) -> str:
    number = pool.slot_count
    if not pool.enabled:
        text = ngettext(
            "%(pool)s shares %(number)d licence; it is switched off.",
            "%(pool)s shares %(number)d licences; it is switched off.",
            number,
        )
    elif pool.dry_run:
        text = ngettext(
            "%(pool)s shares %(number)d licence; it is a dry run.",
            "%(pool)s shares %(number)d licences; it is a dry run.",
            number,
        )
    else:
        text = ngettext(
            "%(pool)s shares %(number)d licence.", "%(pool)s shares %(number)d licences.", number
        )
    return text % {"pool": pool, "number": number}


def _sources(facts: Facts) -> Step:
    text = _("Choose the groups whose members become IUM users of %(pool)s.")
    troubles = [
        _missing(text % {"pool": pool}, _sources_url(pool), _("Choose source groups"))
        for pool in facts.pools
        if not pool.sources  # type: ignore[attr-defined] # annotated
    ]
    if not facts.pools:
        troubles = [_after(_("Make the pool first; then choose who shares its licences."))]
    link = reverse("admin:jira_sync_syncsettings_changelist")
    well = (_("Every pool has its source groups."), link, _("Look at the user sync"))
    return _step("sources", _("Source groups"), facts, troubles, well)


def _sources_url(pool: LicencePool) -> str:
    return reverse("admin:jira_sync_sources", args=[pool.pk])


def _first_sync(facts: Facts) -> Step:
    troubles = [one for pool in facts.pools for one in _sync_troubles(pool)]
    if not facts.pools:
        troubles = [_after(_("Then a dry run shows who would become an IUM user."))]
    link = reverse("admin:jira_sync_syncrun_changelist")
    well = (_("The user sync has run."), link, _("Look at the log"))
    return _step("sync", _("First sync"), facts, troubles, well)


def _sync_troubles(pool: LicencePool) -> Iterable[Trouble]:
    """Say what stands between a pool and a user sync that works."""
    state, words = pool.run_state, {"pool": pool}  # type: ignore[attr-defined] # annotated
    if state in {RunState.FAILED, RunState.STOPPED}:
        text = _("%(pool)s: the last run %(state)s. %(message)s") % {
            "pool": pool,
            "state": RunState(state).label,
            "message": pool.run_message,  # type: ignore[attr-defined] # annotated
        }
        yield Trouble(StepState.WRONG, text, _run_url(pool), _("Look at the run"))
    elif state in OPEN_RUNS:
        yield _missing(_("%(pool)s: a run is on its way.") % words, _run_url(pool), _("Watch it"))
    elif state == RunState.PLANNED and not pool.synced:  # type: ignore[attr-defined] # annotated
        text = _("%(pool)s: a dry run was made. If it looks right, run the sync.") % words
        yield _missing(text, _run_url(pool), _("Look at the dry run"))
    elif not pool.synced:  # type: ignore[attr-defined] # annotated
        text = _("Make a dry run for %(pool)s, look at it, then run the sync.") % words
        yield _missing(text, _sources_url(pool), _("To the user sync"))


def _run_url(pool: LicencePool) -> str:
    return reverse("admin:jira_sync_syncrun_change", args=[pool.run_pk])  # type: ignore[attr-defined]


def _extension(facts: Facts) -> Step:
    text = _(
        "People get the browser extension by a link on their queue page, or through your device management. Until then"
        " only viewing and editing issues counts as activity."
    )
    link = reverse("admin:directory_device_changelist")
    troubles = [] if facts.devices else [_missing(text, link, _("Look at the devices"))]
    done = ngettext(
        "%(number)d browser is signed in.", "%(number)d browsers are signed in.", facts.devices
    )
    well = (done % {"number": facts.devices}, link, _("Look at the devices"))
    return _step("extension", _("Extension"), facts, troubles, well)
