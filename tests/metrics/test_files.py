"""Dashboard and alert rules: every number they name is told, and their form is right."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ium.schedule import JOBS
from ium.tasks import advance_totals
from ium.usage.models import CALL_BUCKETS, CallTime
from slots.models import AlertRule, JobRun, JournalEntry, LicencePool, SlotState
from tests.conftest import Now
from tests.factories import AT, stays

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "ium.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus" / "ium-alerts.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
OPERATIONS = (DEPLOY.parent / "docs" / "operations.md").read_text()


def named(query: str) -> set[str]:
    """Return the numbers of IUM that a query names."""
    return set(re.findall(r"\bium_[a-z_]+", re.sub(r'"[^"]*"', '""', query)))


def used_labels(query: str) -> set[tuple[str, str]]:
    """Return (number, label) for everything that a query chooses by."""
    return {
        (name, label)
        for name, inside in re.findall(r"(ium_[a-z_]+)\{([^}]*)\}", query)
        for label in re.findall(r"([a-z_]+)\s*=?[~!=]", inside)
    }


@pytest.fixture
def told(pool: LicencePool, scrape: Any, utc_now: Now, intake: None) -> Any:
    """The numbers of an installation in which everything happened once."""
    advance_totals()
    stays(pool, 1, 60, AT)
    pool.site.org_key_expires_on = AT.date()
    pool.site.save()
    for name in ("sweep", "reconcile"):
        JobRun.objects.create(name=name, finished_at=AT)
    AlertRule.objects.create(pool=pool, kind="full", threshold=5)
    for event in ("granted", "revoking", "refused"):
        JournalEntry.objects.create(at=AT, pool=pool, event=event, reason="sweep")
    CallTime.objects.create(
        site=pool.site, hour=AT, operation="add", count=1, failed=0, seconds_sum=1, seconds_max=1,
        buckets=[0] * (len(CALL_BUCKETS) + 1),
    )  # fmt: skip
    return scrape()


# Only there when people were told an expected wait lately; tests/admin/test_estimates.py sees it.
NEEDS_ESTIMATES = {"ium_wait_estimate_error_ratio", "ium_wait_estimate_inside_ratio"}


@pytest.mark.django_db
def test_every_number_that_is_named_is_told_with_the_labels_it_is_chosen_by(told: Any) -> None:
    labels = {(name, label) for name, found in told.samples for label, _value in found}
    labels |= {(name, "pool") for name in NEEDS_ESTIMATES}
    for query in [*QUERIES, *[rule["expr"] for rule in ALERTS]]:
        assert not named(query) - told.names() - NEEDS_ESTIMATES, query
        assert used_labels(query) <= labels, query


@pytest.mark.django_db
def test_every_number_is_in_the_manual(told: Any) -> None:
    families = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in told.families.values()
    }
    assert not {name for name in families if f"`{name}" not in OPERATIONS}


def test_the_manual_names_no_number_that_is_not_told_in_rules_or_dashboard_or_code() -> None:
    code = "".join(path.read_text() for path in (DEPLOY.parent / "ium" / "metrics").glob("*.py"))
    for name in re.findall(r"`(ium_[a-z_]+)", OPERATIONS):
        assert name.removesuffix("_total") in code, name


def test_the_panels_have_numbers_of_their_own_and_do_not_cover_each_other() -> None:
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    covered: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & covered, panel["title"]
        assert max(x for x, _y in cells) < 24, panel["title"]
        covered |= cells


def test_the_dashboard_can_be_read_in_by_any_grafana() -> None:
    assert DASHBOARD["uid"] == "ium-overview"
    assert "id" not in DASHBOARD, "a number of one Grafana means nothing in another"
    assert {panel["type"] for panel in DASHBOARD["panels"]} == {"row", "stat", "timeseries"}
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert names == {"datasource", "pool"}
    for panel in PANELS:
        assert panel["datasource"]["uid"] == "${datasource}"
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
    for query in QUERIES:
        assert set(re.findall(r"\$\w+", query)) <= {"$pool"}


def test_every_alert_says_what_is_wrong_and_how_bad_it_is() -> None:
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}


def test_states_that_are_named_exist() -> None:
    for query in [*QUERIES, *[rule["expr"] for rule in ALERTS]]:
        for value in re.findall(r'state=~?"([^"]+)"', query):
            assert set(value.split("|")) <= set(SlotState.values)


def test_the_jobs_behind_totals_and_alerts_are_scheduled() -> None:
    assert {"ium.tasks.advance_totals", "ium.tasks.watch_alerts"} <= {job.task for job in JOBS}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", "ium-alerts.yml"),
        ("test", "rules", "ium-alerts.test.yml"),
        ("check", "config", "--syntax-only", "scrape.yml"),
    ],
)
def test_promtool_takes_rules_and_configuration(command: tuple[str, ...]) -> None:
    run = subprocess.run(
        ["promtool", *command],
        cwd=DEPLOY / "prometheus",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
