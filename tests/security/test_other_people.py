"""Nobody acts for somebody else, sees them, or rises above their own rights (promise 9)."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client

from activity.models import LastActivity
from ium.directory.models import Device, Site, User
from slots.models import LicencePool, QueueEntry, Slot
from tests.api.conftest import with_session, with_token
from tests.factories import AT, active, member, token_for, waiting
from tests.security.conftest import PASSWORD, administrator, staff

pytestmark = pytest.mark.django_db
THEIRS: tuple[type[Model], ...] = (Slot, QueueEntry, LastActivity, Device)
CLAIMS = [
    {"user": "{pk}"},
    {"user_id": "{pk}"},
    {"account_id": "{account}"},
    {"accountId": "{account}"},
    {"holder": "{pk}"},
    {"username": "{account}"},
    {"email": "{email}"},
    {"device": "{pk}"},
]


def rows(*people: User) -> list[Any]:
    """Return everything these people have."""
    found: list[Any] = []
    for model in THEIRS:
        owner = "holder" if model is Slot else "user"
        found += model._default_manager.filter(**{f"{owner}__in": people}).order_by("pk").values()
    return found


def claiming(claim: dict[str, str], ann: User) -> dict[str, str]:
    """Return the claim to be Ann."""
    return {
        name: value.format(pk=ann.pk, account=ann.account_id, email=ann.email)
        for name, value in claim.items()
    }


@pytest.mark.parametrize("sign", [with_token, lambda user: with_session(user, csrf=True)])
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: next(iter(claim)))
def test_whoever_somebody_claims_to_be_nothing_of_theirs_changes(
    ann: User, pool: LicencePool, claim: dict[str, str], sign: Any
) -> None:
    ben, caro = waiting(pool, display_name="Ben"), member(pool, display_name="Caro")
    active(ann, pool, AT)
    token_for(ann)
    before = rows(ann, ben)
    client, claims = sign(caro), claiming(claim, ann)
    headers = {
        "X-User": str(ann.pk),
        "X-Forwarded-User": ann.account_id,
        "Remote-User": ann.username,
    }
    for call in (client.post, client.delete):
        call("/api/v1/slot", claims, format="json", headers=headers)
        call("/api/v1/slot?" + "&".join(f"{k}={v}" for k, v in claims.items()), headers=headers)
    client.post("/api/v1/activity", {**claims, "idle_seconds": 0}, format="json", headers=headers)
    client.post("/queue/", {**claims, "action": "release"}, headers=headers)
    assert rows(ann, ben) == before


def test_nobody_reads_who_else_holds_or_waits(ann: User, pool: LicencePool) -> None:
    other = waiting(pool, display_name="Benedikta-who-waits")
    caro = member(pool, display_name="Caro")
    theirs = (ann.account_id, ann.email, other.account_id, other.email, "Benedikta")
    for client in (with_token(caro), with_session(caro)):
        for path in ("/api/v1/slot", "/api/v1/config", "/queue/"):
            content = client.get(path).content.decode()
            assert not [each for each in theirs if str(each) in content], path


def changer(*codenames: str) -> Client:
    """Return the browser of somebody who may do these things, and nothing else."""
    person = staff("changer")
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def test_who_may_change_users_cannot_make_anybody_an_administrator(pool: LicencePool) -> None:
    client = changer("change_user", "view_user", "add_user")
    colleague = staff("colleague")
    form = {
        "username": "colleague",
        "display_name": "x",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "user_permissions": [permission.pk for permission in Permission.objects.all()[:50]],
        "devices-TOTAL_FORMS": 0,
        "devices-INITIAL_FORMS": 0,
    }
    client.post(f"/admin/directory/user/{colleague.pk}/change/", form)
    colleague.refresh_from_db()
    assert not colleague.is_superuser
    assert not colleague.user_permissions.exists()


@pytest.mark.parametrize("page", ["change", "delete", "../password", "sign-out"])
def test_who_may_change_users_cannot_touch_an_administrator(pool: LicencePool, page: str) -> None:
    client, admin = changer("change_user", "view_user", "delete_user"), administrator()
    path = f"/admin/directory/user/{admin.pk}/{page}/".replace(f"{admin.pk}/../", f"{admin.pk}/")
    form = {
        "usable_password": "true",
        "password1": "new horse battery",
        "password2": "new horse battery",
    }
    assert client.post(path, {**form, "post": "yes"}).status_code == 403
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_who_may_change_users_cannot_take_over_somebody_with_more_rights(pool: LicencePool) -> None:
    client, mightier = changer("change_user", "view_user"), staff("mightier", "operate_")
    form = {
        "usable_password": "true",
        "password1": "new horse battery",
        "password2": "new horse battery",
    }
    client.post(f"/admin/directory/user/{mightier.pk}/password/", form)
    mightier.refresh_from_db()
    assert mightier.check_password(PASSWORD)


@pytest.mark.parametrize("address", ["url", "api_url"])
def test_a_stored_key_is_never_sent_to_a_new_address(pool: LicencePool, address: str) -> None:
    """Else who may change a site, and never sees a key, sends it to an address of their own."""
    site = pool.site
    Site.objects.filter(pk=site.pk).update(org_id="o")
    site.org_key = "ATCTT3-stored"
    site.save()
    client = Client()
    client.force_login(administrator())
    form = {"name": site.name, "url": site.url, "api_url": site.api_url, "org_id": "o"}
    client.post(
        f"/admin/directory/site/{site.pk}/change/", {**form, address: "https://evil.example"}
    )
    site.refresh_from_db()
    assert "evil" not in site.url + site.api_url or not site.org_key
