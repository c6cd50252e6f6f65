"""Every page of every model in the admin: it opens, it is closed to those without rights, it does not slow down."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule

from slots.models import LicencePool
from tests import factories
from tests.admin.conftest import populate

OWN_APPS = {"slots", "directory", "activity", "django_celery_beat"}
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OWN_APPS),
    key=lambda model: model._meta.label,
)
READ_ONLY = {
    "slots.Slot",
    "slots.QueueEntry",
    "slots.HandOver",
    "slots.JournalEntry",
    "slots.Notice",
    "slots.SlotSession",
    "slots.WaitEstimate",
    "slots.JobRun",
    "directory.Group",
    "directory.Device",
    "slots.ExtensionUse",
    "activity.LastActivity",
}
pytestmark = pytest.mark.django_db

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def address(model: type[Model], page: str, *args: Any) -> str:
    """Return the address of a model's page."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def world(pool: LicencePool) -> LicencePool:
    """One or more rows of every model."""
    populate(pool, 2)
    CrontabSchedule.objects.create()
    return pool


def test_the_expected_models_are_in_the_admin() -> None:
    labels = {model._meta.label for model in MODELS}
    assert labels >= READ_ONLY | {"slots.LicencePool", "directory.User", "directory.Site"}
    assert "django_celery_beat.SolarSchedule" not in labels
    assert "auth.Group" not in {model._meta.label for model in admin.site._registry}


@every_model
def test_every_list_opens(boss: Client, world: LicencePool, model: type[Model]) -> None:
    assert boss.get(address(model, "changelist")).status_code == 200
    assert boss.get(address(model, "changelist"), {"q": "Person"}).status_code == 200


@every_model
def test_every_row_opens(boss: Client, world: LicencePool, model: type[Model]) -> None:
    row = model._default_manager.first()
    assert row is not None
    assert boss.get(address(model, "change", row.pk)).status_code == 200
    assert boss.get(address(model, "history", row.pk)).status_code == 200


@every_model
def test_rows_are_added_by_hand_only_where_that_makes_sense(
    boss: Client, world: LicencePool, model: type[Model]
) -> None:
    one_row_only = {"slots.PageRules"}  # and the world has it
    wanted = 403 if model._meta.label in READ_ONLY | one_row_only else 200
    assert boss.get(address(model, "add")).status_code == wanted


@pytest.mark.parametrize("label", sorted(READ_ONLY))
def test_rows_that_ium_writes_can_be_neither_changed_nor_deleted(
    boss: Client, world: LicencePool, label: str
) -> None:
    model = apps.get_model(label)
    row = model._default_manager.first()
    assert row is not None
    assert boss.post(address(model, "change", row.pk), {}).status_code == 403
    assert boss.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


@every_model
@pytest.mark.parametrize("page", ["changelist", "add", "change", "delete", "history"])
def test_staff_without_rights_see_nothing(
    stranger: Client, world: LicencePool, model: type[Model], page: str
) -> None:
    row = model._default_manager.first()
    args = [] if page in {"changelist", "add"} or row is None else [row.pk]
    assert stranger.get(address(model, page, *args)).status_code == 403


@every_model
def test_who_may_only_look_gets_every_list_and_row(
    watcher: Client, world: LicencePool, model: type[Model]
) -> None:
    row = model._default_manager.first()
    assert row is not None
    assert watcher.get(address(model, "changelist")).status_code == 200
    assert watcher.get(address(model, "change", row.pk)).status_code == 200
    assert watcher.get(address(model, "add")).status_code == 403


def queries(client: Client, url: str) -> int:
    """Count the queries of a page, after a first call has filled caches."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@every_model
def test_no_list_needs_more_queries_for_more_rows(
    boss: Client, pool: LicencePool, model: type[Model]
) -> None:
    CrontabSchedule.objects.create()
    populate(pool, 3)
    few = queries(boss, address(model, "changelist"))
    populate(pool, 27)
    assert queries(boss, address(model, "changelist")) == few


def test_the_list_of_pools_needs_no_more_queries_for_more_pools(
    boss: Client, pool: LicencePool
) -> None:
    few = queries(boss, address(LicencePool, "changelist"))
    factories.PoolFactory.create_batch(10)
    assert queries(boss, address(LicencePool, "changelist")) == few
