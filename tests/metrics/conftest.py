"""Reading /metrics as Prometheus does."""

from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from slots.models import LicencePool
from tests.conftest import Now
from tests.factories import PoolFactory


class Numbers:
    """What /metrics told, by name and labels."""

    def __init__(self, text: str) -> None:
        """Take the answer apart."""
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def get(self, name: str, **labels: str) -> float | None:
        """Return one number; None without it."""
        return self.samples.get((name, frozenset(labels.items())))

    def names(self) -> set[str]:
        """Return every name that a query can use."""
        return {name for name, _labels in self.samples}


@pytest.fixture
def scrape(client: Client, utc_now: Now, db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that reads the numbers now. The broker has three tasks waiting."""
    monkeypatch.setattr("ium.metrics.running.Redis.from_url", lambda *_, **__: Broker())

    def read() -> Numbers:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        return Numbers(answer.content.decode())

    return read


class Broker:
    """A broker that answers."""

    def llen(self, _queue: str) -> int:
        """Tell how many tasks wait."""
        return 3

    def close(self) -> None:
        """End the connection."""


@pytest.fixture
def pool(utc_now: Now, db: None) -> LicencePool:
    """A pool of one licence; the clock stands at AT."""
    made: LicencePool = PoolFactory.create(key="jira", assigned_licences=1)
    return made
