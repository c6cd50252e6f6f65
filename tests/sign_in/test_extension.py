"""The extension's sign-in: code with PKCE, a device of its own, tokens that are renewed in turns."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client

from ium.directory import devices
from ium.directory.models import Device, User
from ium.directory.services import device_sign_out
from tests.conftest import Now
from tests.factories import AT, seconds, token_for
from tests.sign_in.conftest import (
    CHROME,
    FIREFOX,
    FORM,
    LOOPBACK,
    VERIFIER,
    Extension,
    opens,
    query_of,
    refused,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(utc_now: Now) -> Now:
    """The server's clock."""
    return utc_now


# --- The code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [CHROME, FIREFOX, LOOPBACK])
def test_whoever_is_signed_in_gets_a_code_without_a_click(
    extension: Extension, address: str
) -> None:
    answer = extension.authorize(redirect_uri=address)

    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{address}?code=")
    assert query_of(answer["Location"])["state"] == "st/ate 1"
    assert "no-store" in answer["Cache-Control"]
    assert not Device.objects.exists()


def test_the_code_becomes_a_device_with_a_name_people_recognise(
    extension: Extension, ada: User
) -> None:
    answer = extension.exchange(extension.code())

    tokens, device = answer.json(), Device.objects.get()
    assert answer.status_code == 200
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 8 * 3600)
    assert (device.user, device.label) == (ada, "Firefox, Linux")
    assert device.expires_at == AT + timedelta(days=90)
    assert opens(tokens["access_token"])


def test_nothing_of_the_tokens_is_stored(extension: Extension) -> None:
    code = extension.code()
    tokens = extension.exchange(code).json()

    row = str(Device.objects.values().get())
    for secret in (code, tokens["access_token"], tokens["refresh_token"]):
        assert secret not in row
        assert secret.partition(".")[0] not in row


def test_somebody_unknown_signs_in_first_and_comes_back(extension: Extension, ada: User) -> None:
    extension.browser = Client()
    answer = extension.authorize()

    assert answer["Location"].startswith("/sign-in/?next=/oauth/authorize%3F")
    wanted = query_of(answer["Location"])["next"]
    extension.browser.force_login(ada)
    assert extension.browser.get(wanted)["Location"].startswith(f"{CHROME}?code=")


def test_without_a_page_somebody_unknown_is_told_to_sign_in(extension: Extension) -> None:
    extension.browser = Client()

    back = extension.authorize(prompt="none")["Location"]

    assert back.startswith(f"{CHROME}?")
    assert query_of(back) == {"error": "login_required", "state": "st/ate 1"}


@pytest.mark.parametrize(
    "address",
    [
        CHROME + "/",
        CHROME + "?x=1",
        CHROME + "#x",
        CHROME.upper(),
        CHROME.replace("https:", "http:"),
        CHROME.replace("/cb", "/../cb"),
        CHROME + "%2e",
        "https://evil.example/cb",
        "https://evil.example@" + CHROME.removeprefix("https://"),
        "http://127.0.0.1:8000/mozoauth2/0123456789abcdef0123456789abcdef01234567",
        "javascript:alert(1)",
        "/queue/",
        "",
        None,
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_an_address_that_is_not_on_the_list_to_the_letter_gets_nothing(
    extension: Extension, address: str | None, signed_in: bool
) -> None:
    extension.browser = extension.browser if signed_in else Client()

    answer = extension.authorize(redirect_uri=address)

    assert answer.status_code == 400
    assert "Location" not in answer
    assert "not on the list of extensions" in answer.content.decode()


@pytest.mark.parametrize("client", ["other", "", None])
def test_another_client_gets_nothing(extension: Extension, client: str | None) -> None:
    assert extension.authorize(client_id=client).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client|unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_what_is_not_safe_is_refused_to_the_extension(
    extension: Extension, changes: dict[str, Any], error: str
) -> None:
    back = extension.authorize(**changes)["Location"]

    assert back.startswith(f"{CHROME}?")
    assert query_of(back)["error"] in error.split("|")
    assert query_of(back)["state"] == "st/ate 1"
    assert "code" not in query_of(back)


# --- Code for tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": FIREFOX},
        {"code": "made-up"},
        {"code": signing.dumps({"user": 1}, salt="another")},
    ],
)
def test_a_code_is_good_only_for_who_asked_for_it(
    extension: Extension, changes: dict[str, str]
) -> None:
    answer = extension.exchange(**{"code": extension.code(), **changes})

    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_grant", "invalid_request"}
    assert not Device.objects.exists()


def test_a_code_ends_after_a_minute(extension: Extension) -> None:
    with time_machine.travel(AT, tick=False) as now:
        code = extension.code()
        now.shift(61)
        assert refused(extension.exchange(code))
    assert not Device.objects.exists()


def test_a_code_used_twice_signs_out_what_it_made(extension: Extension) -> None:
    code = extension.code()
    tokens = extension.exchange(code).json()
    assert opens(tokens["access_token"])

    assert refused(extension.exchange(code))

    assert not opens(tokens["access_token"])
    assert refused(extension.renew(tokens["refresh_token"]))


def test_of_two_calls_at_once_with_one_code_one_is_refused(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both passed the check before either made its device."""
    code = extension.code()
    extension.exchange(code)
    monkeypatch.setattr("ium.sign_in.oauth_rules.devices.code_used_again", lambda **_: False)

    assert refused(extension.exchange(code))
    assert Device.objects.count() == 1


def test_somebody_who_may_not_sign_in_any_more_gets_no_tokens(
    extension: Extension, ada: User
) -> None:
    code, tokens = extension.code(), extension.sign_in()
    User.objects.update(is_active=False)

    assert refused(extension.exchange(code))
    assert refused(extension.renew(tokens["refresh_token"]))
    assert not opens(tokens["access_token"])


# --- Renewal --------------------------------------------------------------------------------------


def test_renewing_gives_new_tokens_and_ends_the_old_ones(extension: Extension, clock: Now) -> None:
    old = extension.sign_in()
    clock.at = AT + timedelta(days=10)

    new = extension.renew(old["refresh_token"]).json()

    assert opens(new["access_token"])
    assert not opens(old["access_token"])
    assert new["refresh_token"] != old["refresh_token"]
    device = Device.objects.get()
    assert device.expires_at == AT + timedelta(days=100)
    assert device.last_used_at == clock.at


def test_an_access_token_ends_after_a_working_day_and_the_device_goes_on(
    extension: Extension, clock: Now
) -> None:
    tokens = extension.sign_in()
    clock.at = AT + devices.ACCESS_LIFETIME - seconds(1)
    assert opens(tokens["access_token"])
    clock.at = AT + devices.ACCESS_LIFETIME
    assert not opens(tokens["access_token"])
    assert opens(extension.renew(tokens["refresh_token"]).json()["access_token"])


def test_a_device_that_is_not_used_ends(extension: Extension, clock: Now) -> None:
    tokens = extension.sign_in()
    clock.at = AT + timedelta(days=90)
    assert refused(extension.renew(tokens["refresh_token"]))


def test_a_token_renewed_before_signs_the_device_out(
    extension: Extension, caplog: pytest.LogCaptureFixture
) -> None:
    first = extension.sign_in()
    second = extension.renew(first["refresh_token"]).json()
    third = extension.renew(second["refresh_token"]).json()

    assert refused(extension.renew(first["refresh_token"]))

    assert not opens(third["access_token"])
    assert refused(extension.renew(third["refresh_token"]))
    assert Device.objects.get().signed_out_at == AT
    assert "used twice" in caplog.text
    assert first["refresh_token"] not in caplog.text


def test_two_who_renew_with_the_same_token_at_once_are_both_signed_out(
    extension: Extension, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both passed the check before either wrote its tokens."""
    old = extension.sign_in()
    device = Device.objects.select_related("user").get()
    new = extension.renew(old["refresh_token"]).json()
    monkeypatch.setattr(
        "ium.sign_in.oauth_rules.devices.device_of_refresh_token", lambda **_: device
    )

    assert refused(extension.renew(old["refresh_token"]))
    assert not opens(new["access_token"])


def test_of_too_many_devices_the_one_not_used_for_longest_ends(
    extension: Extension, ada: User, clock: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "MOST_DEVICES", 2)
    tool = token_for(ada)
    first, second = extension.sign_in(), extension.sign_in()
    clock.at = AT + seconds(600)
    assert opens(first["access_token"])

    third = extension.sign_in()

    assert [opens(each["access_token"]) for each in (first, second, third)] == [True, False, True]
    assert opens(tool), "tokens for tools are not counted"


def test_other_devices_stay_signed_in(extension: Extension) -> None:
    other, first = extension.sign_in(), extension.sign_in()
    extension.renew(first["refresh_token"])
    extension.renew(first["refresh_token"])

    assert opens(other["access_token"])


@pytest.mark.parametrize("token", ["", "made-up", "iumr_made-up.made-up", ".", "ium_x"])
def test_a_made_up_token_is_refused(extension: Extension, token: str) -> None:
    extension.sign_in()
    answer = extension.renew(token)
    assert answer.status_code == 400
    assert Device.objects.filter(signed_out_at=None).exists()


# --- Signing out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_the_extension_signs_itself_out(extension: Extension, which: str) -> None:
    other, tokens = extension.sign_in(), extension.sign_in()

    answer = extension.post("/oauth/revoke", token=tokens[which])

    assert answer.status_code == 200
    assert not opens(tokens["access_token"])
    assert refused(extension.renew(tokens["refresh_token"]))
    assert opens(other["access_token"])


def test_signing_out_what_is_not_signed_in_is_no_error(extension: Extension) -> None:
    assert extension.post("/oauth/revoke", token="made-up").status_code == 200
    assert extension.post("/oauth/revoke").status_code == 400


def test_a_device_signed_out_elsewhere_cannot_renew(extension: Extension) -> None:
    tokens = extension.sign_in()
    device_sign_out(device=Device.objects.get(), at=AT)
    assert refused(extension.renew(tokens["refresh_token"]))
    assert not opens(tokens["access_token"])


# --- How it is called -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_every_origin_may_call_without_cookies(extension: Extension, path: str) -> None:
    asking = {"origin": "chrome-extension://abc", "access-control-request-method": "POST"}
    preflight = Client().options(path, headers=asking)
    answer = extension.post(path, grant_type="refresh_token", refresh_token="x", token="x")

    assert preflight.status_code == 204
    for each in (preflight, answer):
        assert each["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in each
    assert "content-type" in preflight["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", '{"grant_type": "refresh_token"}', 400),
        ("multipart/form-data; boundary=x", "--x--", 400),
        (FORM, "grant_type=password&username=a&password=b&client_id=ium-extension", 400),
        (FORM, "grant_type=client_credentials&client_id=ium-extension", 400),
        (
            FORM,
            "grant_type=refresh_token&refresh_token=a&refresh_token=b&client_id=ium-extension",
            400,
        ),
        (FORM, "grant_type=refresh_token&refresh_token=%00&client_id=ium-extension", 400),
        (FORM, "grant_type=refresh_token&refresh_token=x&client_id=other", 401),
        (FORM, "grant_type=refresh_token&refresh_token=x", 401),
        (FORM, "\xff\xfe", 400),
        (FORM, "", 400),
        (FORM, "a=%zz&;&&==", 400),
        (FORM, "x=" + "y" * 70_000, 413),
    ],
)
def test_what_cannot_be_right_is_refused(
    extension: Extension, content_type: str, body: str, status: int
) -> None:
    answer = Client().post("/oauth/token", body.encode("latin-1"), content_type=content_type)

    assert answer.status_code == status, answer.content
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "query",
    [
        "client_id=%zz",
        "x=[{|}]",
        "%%%",
        "=&=&",
        'a="b" c',
        "client_id=ium-extension&redirect_uri=%ff",
        "client_id=ium-extension&client_id=ium-extension",
        "response_type=code&client_id=ium-extension&redirect_uri=http://[::1",
    ],
)
def test_an_address_that_is_not_encoded_well_is_no_fault(extension: Extension, query: str) -> None:
    form = b"grant_type=refresh_token&refresh_token=x"

    page = extension.browser.generic("GET", "/oauth/authorize", QUERY_STRING=query)
    answer = Client().generic("POST", "/oauth/token", form, FORM, QUERY_STRING=query)

    assert (page.status_code, answer.status_code) == (400, 400)


def test_only_post_is_answered(extension: Extension) -> None:
    for path in ("/oauth/token", "/oauth/revoke"):
        assert Client().get(path).status_code == 405


def test_a_verifier_in_the_address_is_refused(extension: Extension) -> None:
    code = extension.code()
    query = f"code={code}&code_verifier={VERIFIER}"
    answer = Client().post(
        f"/oauth/token?{query}", "grant_type=authorization_code", content_type=FORM
    )
    assert answer.status_code == 400


def test_guessing_is_slowed_down_and_right_tokens_are_not(
    extension: Extension, settings: Any
) -> None:
    settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, "wrong_tokens": 3}
    tokens = extension.sign_in()
    with time_machine.travel(AT, tick=False):
        answers = [extension.renew("made-up") for _ in range(5)]
        new = extension.renew(tokens["refresh_token"])

    assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert new.status_code == 200


def test_the_api_says_without_a_token_where_to_sign_in(pool: object, settings: Any) -> None:
    settings.IUM_URL = "https://ium.example.com"

    answer = Client().get("/api/v1/config")

    assert answer.status_code == 200
    assert answer.json()["sign_in"] == {
        "authorization_endpoint": "https://ium.example.com/oauth/authorize",
        "token_endpoint": "https://ium.example.com/oauth/token",
        "revocation_endpoint": "https://ium.example.com/oauth/revoke",
        "client_id": "ium-extension",
    }
    assert answer.json()["pools"] == [], "what the company has is for its people"
