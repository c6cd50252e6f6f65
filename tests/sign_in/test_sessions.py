"""Sessions that are over do not pile up."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from ium.directory.models import User
from ium.tasks import clear_sessions

pytestmark = pytest.mark.django_db


def test_only_sessions_that_are_over_are_deleted(ada: User) -> None:
    gone, here = Client(), Client()
    for client in (gone, here):
        client.force_login(ada)
    Session.objects.filter(session_key=gone.session.session_key).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )

    clear_sessions()

    assert Session.objects.get().session_key == here.session.session_key


def test_a_session_ends_after_two_weeks_and_is_not_for_scripts(ada: User) -> None:
    client = Client()
    User.objects.filter(pk=ada.pk).update(username="ada")
    ada.refresh_from_db()
    ada.set_password("correct horse")
    ada.save()

    cookie = client.post("/sign-in/", {"username": "ada", "password": "correct horse"}).cookies[
        "sessionid"
    ]

    assert cookie["max-age"] == 14 * 24 * 3600
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
