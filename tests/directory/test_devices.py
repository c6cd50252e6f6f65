"""Devices: tokens that open one person's slot and nothing else (promise 9)."""

from datetime import datetime, timedelta

import pytest

from ium.directory.authentication import DeviceTokenAuthentication
from ium.directory.models import Device, User
from ium.directory.services import DEVICE_LIFETIME, device_create, device_sign_out, token_hash
from ium.lib.errors import NotFound
from tests.conftest import Now
from tests.factories import UserFactory, minutes, seconds

pytestmark = pytest.mark.django_db


def authenticate(token: str) -> tuple[User, Device] | None:
    """Authenticate a request with this token."""
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")
    return DeviceTokenAuthentication().authenticate(Request(request))


def test_a_token_is_stored_as_its_hash_only(at: datetime) -> None:
    ann = UserFactory.create()
    device, token = device_create(account_id=ann.account_id, label="Firefox", at=at)
    assert token.startswith("ium_")
    assert len(token) > 40
    row = Device.objects.filter(pk=device.pk).values().get()
    assert token not in str(row)
    assert (row["token_hash"], row["expires_at"]) == (token_hash(token), at + DEVICE_LIFETIME)


def test_every_token_is_another(at: datetime) -> None:
    ann = UserFactory.create()
    tokens = {device_create(account_id=ann.account_id, label="", at=at)[1] for _ in range(20)}
    assert len(tokens) == 20


def test_nobody_gets_a_token_for_somebody_unknown(at: datetime) -> None:
    with pytest.raises(NotFound) as refusal:
        device_create(account_id="712020:nobody", label="", at=at)
    assert refusal.value.code == "unknown_user"
    assert not Device.objects.exists()


def test_usable_are_those_neither_signed_out_nor_over(at: datetime) -> None:
    ann = UserFactory.create()
    device, _ = device_create(account_id=ann.account_id, label="", at=at)
    assert Device.objects.usable(at + DEVICE_LIFETIME - seconds(1)).exists()
    assert not Device.objects.usable(at + DEVICE_LIFETIME).exists()
    assert device_sign_out(device=device, at=at)
    assert not device_sign_out(device=device, at=at + timedelta(1))
    assert not Device.objects.usable(at).exists()
    assert Device.objects.get().signed_out_at == at


def test_the_last_use_is_written_every_five_minutes_at_most(at: datetime, utc_now: Now) -> None:
    ann = UserFactory.create()
    _, token = device_create(account_id=ann.account_id, label="", at=at)
    for minute, noted in [(0, 0), (3, 0), (5, 0), (5.1, 5.1), (9, 5.1), (11, 11)]:
        utc_now.at = at + minutes(minute)
        assert authenticate(token) == (ann, Device.objects.get())
        assert Device.objects.get().last_used_at == at + minutes(noted)


def test_a_request_without_a_token_is_left_to_the_session() -> None:
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    request = Request(APIRequestFactory().get("/"))
    assert DeviceTokenAuthentication().authenticate(request) is None
