"""People, devices and groups: local accounts are made here, synced people only looked at, rights do not leak."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ium.directory.models import Device, User
from slots.models import LicencePool
from tests import factories
from tests.admin.conftest import signed_in, staff
from tests.admin.test_configuration import said

pytestmark = pytest.mark.django_db
SUBMIT = {"_form_submitted": "on"}
PASSWORD = "correct horse battery"
DEVICES = {"devices-TOTAL_FORMS": "0", "devices-INITIAL_FORMS": "0"}


def page(user: User, name: str = "change") -> str:
    """Return the address of a person's page."""
    return reverse(f"admin:directory_user_{name}", args=[user.pk])


def add(client: Client, **fields: str) -> Any:
    """Send the form for a new local account."""
    data = {
        "username": "lena",
        "display_name": "Lena Local",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **fields,
    }
    return client.post(reverse("admin:directory_user_add"), data)


def test_a_local_administrator_is_created_and_can_sign_in(boss: Client) -> None:
    assert add(boss).status_code == 302
    lena = User.objects.get(username="lena")
    assert (lena.account_id, lena.is_staff, lena.is_superuser) == (None, True, False)
    assert Client().login(username="lena", password=PASSWORD)


def test_a_weak_password_is_refused(boss: Client) -> None:
    assert add(boss, password1="12345", password2="12345").status_code == 200
    assert not User.objects.filter(username="lena").exists()


def test_a_password_is_changed(boss: Client) -> None:
    lena = User.objects.create_user("lena", "old pass phrase here", is_staff=True)
    url = reverse("admin:auth_user_password_change", args=[lena.pk])
    assert boss.get(url).status_code == 200
    boss.post(url, {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"})
    assert Client().login(username="lena", password=PASSWORD)


def test_what_jira_says_about_somebody_cannot_be_changed_here(
    boss: Client, pool: LicencePool
) -> None:
    user = factories.member(pool, display_name="Grace")
    data = {"display_name": "Changed", "account_id": "x", "is_active": "on", **DEVICES}
    assert boss.post(page(user), data).status_code == 302
    user.refresh_from_db()
    assert (user.display_name, user.account_id == "x") == ("Grace", False)


def test_the_list_shows_user_groups_and_slots(boss: Client, pool: LicencePool) -> None:
    user = factories.holder(pool, display_name="Grace")
    shown = boss.get(reverse("admin:directory_user_changelist")).content.decode()
    assert pool.user_group.name in shown
    assert "Jira (in use)" in shown
    assert str(user.account_id) in shown


def test_people_are_filtered_by_having_a_slot(boss: Client, pool: LicencePool) -> None:
    factories.holder(pool, display_name="Grace")
    factories.member(pool, display_name="Alan")
    url = reverse("admin:directory_user_changelist")
    with_slot = boss.get(url, {"slot": "yes"}).content.decode()
    without = boss.get(url, {"slot": "no"}).content.decode()
    assert "Grace" in with_slot
    assert "Alan" not in with_slot
    assert "Grace" not in without
    assert "Alan" in without


@pytest.fixture
def clerk(db: None) -> Client:
    """Somebody who may manage people, but has not all rights."""
    rights = ("add_user", "change_user", "view_user", "delete_user")
    return signed_in(staff("clara", *(f"directory.{right}" for right in rights)))


def test_nobody_gives_rights_that_are_above_their_own(clerk: Client) -> None:
    clara = User.objects.get(username="clara")
    data = {"username": "clara", "is_superuser": "on", "is_staff": "on", "is_active": "on"}
    clerk.post(page(clara), {**data, **DEVICES})
    clara.refresh_from_db()
    assert not clara.is_superuser


def test_the_account_and_password_of_an_administrator_are_out_of_reach(
    clerk: Client, admin_user: User
) -> None:
    new = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    url = reverse("admin:auth_user_password_change", args=[admin_user.pk])
    assert clerk.post(url, new).status_code == 403
    assert clerk.post(page(admin_user), {"username": "mine"}).status_code == 403
    assert clerk.post(page(admin_user, "delete"), {"post": "yes"}).status_code == 403


def test_local_accounts_can_be_deleted_but_nobody_else(
    boss: Client, admin_user: User, pool: LicencePool
) -> None:
    lena, grace = User.objects.create_user("lena"), factories.member(pool)
    assert boss.post(page(lena, "delete"), {"post": "yes"}).status_code == 302
    assert boss.post(page(grace, "delete"), {"post": "yes"}).status_code == 403
    assert boss.post(page(admin_user, "delete"), {"post": "yes"}).status_code == 403
    assert set(User.objects.all()) == {admin_user, grace}


def test_all_devices_of_somebody_are_signed_out(boss: Client, pool: LicencePool) -> None:
    user, other = factories.member(pool), factories.member(pool)
    for owner in (user, user, other):
        factories.token_for(owner)
    url = reverse("admin:directory_user_sign_out_everywhere", args=[user.pk])
    boss.get(url)
    assert Device.objects.filter(signed_out_at=None).count() == 3
    assert "2 devices were signed out." in said(boss.post(url, SUBMIT))
    assert Device.objects.get(signed_out_at=None).user == other


def test_one_device_is_signed_out(boss: Client, pool: LicencePool) -> None:
    factories.token_for(factories.member(pool))
    device = Device.objects.get()
    assert str(device) in boss.get(page(device.user)).content.decode()
    boss.post(reverse("admin:directory_device_sign_out", args=[device.pk]), SUBMIT)
    device.refresh_from_db()
    assert device.signed_out_at is not None


def test_signing_out_devices_needs_the_right(watcher: Client, pool: LicencePool) -> None:
    factories.token_for(factories.member(pool))
    device = Device.objects.get()
    for url in (
        reverse("admin:directory_device_sign_out", args=[device.pk]),
        reverse("admin:directory_user_sign_out_everywhere", args=[device.user.pk]),
    ):
        assert watcher.post(url, SUBMIT).status_code == 403
    data = {"action": "sign_out_selected", "_selected_action": [device.pk]}
    watcher.post(reverse("admin:directory_device_changelist"), data)
    device.refresh_from_db()
    assert device.signed_out_at is None


def test_the_hash_of_a_token_is_not_shown(boss: Client, pool: LicencePool) -> None:
    factories.token_for(factories.member(pool))
    device = Device.objects.get()
    for url in (
        reverse("admin:directory_device_change", args=[device.pk]),
        reverse("admin:directory_device_changelist"),
        page(device.user),
    ):
        assert device.token_hash not in boss.get(url).content.decode()


def test_groups_show_their_size_and_what_they_are_for(boss: Client, pool: LicencePool) -> None:
    factories.member(pool)
    shown = boss.get(reverse("admin:directory_group_changelist")).content.decode()
    assert "access group of Jira" in shown
    assert "user group of Jira" in shown
