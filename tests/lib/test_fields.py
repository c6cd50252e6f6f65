"""The encrypted field: the database never sees the text, and a wrong key is an error (promise 9)."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from ium.directory.models import Site
from ium.lib.fields import PREFIX, WrongKeyError, decrypt, encrypt
from tests.factories import SiteFactory

SECRET = "ATATT3xFfGF0 schlüssel"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def stored(site: Site) -> str:
    """Return what the database holds for the site's key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT org_key FROM directory_site WHERE id = %s", [site.pk])
        value: str = cursor.fetchone()[0]
    return value


@pytest.mark.django_db
def test_the_database_holds_no_word_of_the_secret() -> None:
    site = SiteFactory.create(org_key=SECRET)
    assert stored(site).startswith(PREFIX)
    assert "ATATT" not in stored(site)
    assert Site.objects.get(pk=site.pk).org_key == SECRET


@pytest.mark.django_db
def test_the_same_secret_twice_does_not_look_the_same() -> None:
    assert stored(SiteFactory.create(org_key="x")) != stored(SiteFactory.create(org_key="x"))


@pytest.mark.django_db
def test_an_empty_secret_stays_empty() -> None:
    site = SiteFactory.create(org_key="")
    assert stored(site) == ""
    assert Site.objects.get(pk=site.pk).org_key == ""


@pytest.mark.django_db
def test_a_wrong_key_is_an_error_and_never_the_stored_form(settings: Any) -> None:
    site = SiteFactory.create(org_key=SECRET)
    settings.IUM_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(WrongKeyError, match="IUM_ENCRYPTION_KEYS"):
        Site.objects.get(pk=site.pk)


@pytest.mark.django_db
def test_keys_are_changed_by_putting_the_new_one_first(settings: Any) -> None:
    settings.IUM_ENCRYPTION_KEYS = [OLD]
    site = SiteFactory.create(org_key=SECRET)
    settings.IUM_ENCRYPTION_KEYS = [NEW, OLD]
    site = Site.objects.get(pk=site.pk)
    assert site.org_key == SECRET
    site.save(update_fields=["org_key"])
    settings.IUM_ENCRYPTION_KEYS = [NEW]
    assert Site.objects.get(pk=site.pk).org_key == SECRET


@pytest.mark.parametrize("form", ["plain", "", "fernet1:", "fernet1:nonsense", "fernet2:x"])
def test_what_is_not_in_the_form_is_an_error(form: str) -> None:
    with pytest.raises(WrongKeyError):
        decrypt(form)


def test_a_changed_secret_is_an_error() -> None:
    text = encrypt(SECRET)
    with pytest.raises(WrongKeyError):
        decrypt(text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:])


def test_a_key_that_is_none_is_said_clearly(settings: Any) -> None:
    settings.IUM_ENCRYPTION_KEYS = ["short"]
    with pytest.raises(ImproperlyConfigured, match="Fernet"):
        encrypt(SECRET)
