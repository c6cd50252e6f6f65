"""Everything one running simulator holds, and how handlers reach it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from aiohttp import web

from jira_sync.simulator import demo
from jira_sync.simulator.credentials import CLOUD_ID, stable_uuid
from jira_sync.simulator.faults import Faults
from jira_sync.simulator.model import Grant, Person
from jira_sync.simulator.oauth_grants import Grants
from jira_sync.simulator.organisation import Organisation
from jira_sync.simulator.persistence import FileStorage, Storage
from jira_sync.simulator.ratelimit import RateLimiter
from jira_sync.simulator.settings import Options, Switches
from jira_sync.simulator.signing_key import SigningKey
from jira_sync.simulator.webhooks import Webhooks

LICENCE_COUNT_CACHE_SECONDS = 7 * 86_400


class Simulator:
    """The organisation with the machinery around it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.switches = Switches()
        self.faults = Faults()
        self.limits = RateLimiter(options.bucket)
        self.calls: Counter[tuple[str, str, int]] = Counter()
        self.issues: dict[str, str] = {}
        self.access_requests: list[str] = []
        self.grants = Grants()
        self.signing_key = SigningKey()
        self.views: dict[str, dict[str, float]] = {}
        self.storage = FileStorage(options.state) if options.state else Storage()
        self.webhooks = Webhooks(self.storage, lambda: self.switches.webhook_backoff)
        self._licence_counts: dict[str, tuple[float, int]] = {}
        self.organisation = self._start()

    def _start(self) -> Organisation:
        storage = self.storage
        if not isinstance(storage, FileStorage) or storage.empty:
            return self._build(
                demo.Size(self.options.people, self.options.seats), self.options.delay
            )
        organisation = Organisation(
            people=storage.people(),
            groups=storage.groups(),
            products=storage.products(),
            storage=storage,
            delay=self.options.delay,
        )
        organisation.events.extend(storage.events())
        self.webhooks.restore(storage.webhooks())
        return organisation

    def _build(self, size: demo.Size, delay: float) -> Organisation:
        organisation = Organisation(
            people=demo.people(size),
            groups=demo.groups(size),
            products=demo.products(size),
            storage=self.storage,
            delay=delay,
        )
        self.storage.replace_all(
            organisation.people.values(),
            organisation.groups.values(),
            organisation.seats.products.values(),
        )
        return organisation

    def reset(self, size: demo.Size, *, delay: float, bucket: int) -> None:
        """Begin again with a fresh organisation: no faults, no counts, no webhooks, full buckets."""
        self.webhooks.clear()
        self.organisation = self._build(size, delay)
        self.switches = Switches()
        self.faults.clear()
        self.limits.resize(bucket)
        for remembered in (
            self.calls,
            self.issues,
            self.access_requests,
            self.views,
            self.grants,
            self._licence_counts,
        ):
            remembered.clear()

    def approximate_licence_count(self, product: str) -> int:
        """The count that Jira caches for up to seven days: useless for seat control, like the real one."""
        at, count = self._licence_counts.get(product, (0.0, 0))
        if time.time() - at > LICENCE_COUNT_CACHE_SECONDS:
            count = self.organisation.seats.used(product)
            self._licence_counts[product] = (time.time(), count)
        return count

    def record_view(self, person: Person, product: str) -> None:
        """Remember that a page of a product was looked at; published later as "last active"."""
        self.views.setdefault(person.account_id, {})[product] = time.time()

    def last_active(self, person: Person) -> Mapping[str, float]:
        """Last active per product as it is published, hours late; products never used are left out."""
        published = dict(person.last_active)
        for product, at in self.views.get(person.account_id, {}).items():
            if time.time() - at >= self.switches.last_active_lag:
                published[product] = max(at, published.get(product, 0.0))
        return published

    def has_jira(self, person: Person) -> bool:
        return any(
            product.startswith("jira-") for product in self.organisation.open_products(person)
        )

    def is_admin(self, person: Person) -> bool:
        """Site or organisation administrator, which is what group writes need."""
        return person.active and bool(self.organisation.platform_roles_of(person.account_id))

    def ari(self, grant: Grant | str) -> str:
        """The resource id of a product on this site (site ARI)."""
        product = grant.product if isinstance(grant, Grant) else grant
        return f"ari:cloud:{product}::site/{CLOUD_ID}"

    def workspace_id(self, product: str) -> str:
        """The other id under which Atlassian may want a product: that of its workspace."""
        return stable_uuid(f"workspace-{product}")


SIMULATOR = web.AppKey("simulator", Simulator)


def simulator(request: web.Request) -> Simulator:
    return request.app[SIMULATOR]
