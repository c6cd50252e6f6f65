"""Signing in at the company's provider: the simulated one, over real HTTP, through its pages."""

import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
import pytest
import requests
from django.conf import settings as configured
from django.test import Client

from ium.directory.models import User
from ium.sign_in.allauth_adapters import OpenIdAdapter
from ium.sign_in.identity import Identity, NotLetInError, person_of
from jira_sync.simulator import credentials
from slots.models import LicencePool
from tests import factories
from tests.queue_page.conftest import text_of
from tests.sign_in.walk import Visitor
from tests.simulator.process import SimulatorProcess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated")]
COMPANY = "Sign in with Acme (simulated)"
START = "/sign-in/with/company/"


def choose(visitor: Visitor, account_id: str = credentials.MEMBER) -> Any:
    """Choose a person on the simulation's page; return where that leads."""
    assert "/login?" in visitor.seen[-1]
    wanted = parse_qs(urlsplit(visitor.seen[-1]).query)["continue"][0]
    return visitor.send(accountId=account_id, **{"continue": wanted})


def signed_in(visitor: Visitor, address: str = START, account_id: str = credentials.MEMBER) -> Any:
    """Go the whole way."""
    visitor.open(address)
    return visitor.follow(choose(visitor, account_id))


def way_back(visitor: Visitor) -> str:
    """Go as far as the address by which the provider sends the browser back to IUM; do not open it."""
    visitor.open(START)
    answer = choose(visitor)
    location = urlsplit(visitor.seen[-1])._replace(path="", query="").geturl()
    while True:
        address = answer.headers["Location"]
        address = address if "://" in address else location + address
        if visitor.is_ium(address):
            return str(address)
        answer = visitor.get(address)


def test_a_person_signs_in_and_comes_back_to_the_page_they_wanted(
    visitor: Visitor, member: User
) -> None:
    page = visitor.open("/queue/?pool=jira")
    assert "/sign-in/" in visitor.seen[-1]
    visitor.click(page, COMPANY)
    page = visitor.follow(choose(visitor))

    assert visitor.seen[-1].endswith("/queue/?pool=jira")
    assert "Signed in as Jamal Haddad" in text_of(page)
    assert visitor.user_id == str(member.pk)


def test_pkce_and_state_are_sent_and_the_client_secret_is_not(
    visitor: Visitor, member: User
) -> None:
    location = visitor.get(START)["Location"]

    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert query["redirect_uri"] == f"{configured.IUM_URL}{START}back/"
    assert len(query["state"]) >= 16
    assert credentials.OPENID_CLIENT.secret not in location


def test_a_sign_in_gets_a_new_session(visitor: Visitor, member: User) -> None:
    visitor.open("/queue/")
    visitor.open(START)
    before = visitor.ium.session.session_key
    visitor.follow(choose(visitor))

    assert visitor.ium.session.session_key != before


def test_nothing_is_kept_of_what_the_provider_says(visitor: Visitor, member: User) -> None:
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialToken

    before = User.objects.count()
    signed_in(visitor)

    assert visitor.user_id
    assert User.objects.count() == before
    for model in (EmailAddress, SocialAccount, SocialToken):
        assert not model.objects.exists()
    assert credentials.MEMBER_EMAIL not in str(dict(visitor.ium.session))


def test_signing_in_as_somebody_else_ends_the_first_session(
    visitor: Visitor, member: User, pool: LicencePool
) -> None:
    other = credentials.account_id(20)
    second = factories.member(pool, account_id=other, email=email_of(20))
    signed_in(visitor)
    visitor.ium.session["left"] = "behind"

    signed_in(visitor, account_id=other)

    assert visitor.user_id == str(second.pk)
    assert "left" not in visitor.ium.session


def email_of(number: int) -> str:
    """Return the address that the simulation has for a person."""
    from jira_sync.simulator.demo import person

    return person(number).email


def test_who_calls_ium_by_another_name_is_led_to_its_own(visitor: Visitor, member: User) -> None:
    """The provider sends people back to IUM's own name, where the other name's session is not known."""
    answer = Client(headers={"host": "localhost:8000"}).get(START, {"next": "/devices/"})
    assert answer["Location"] == f"{configured.IUM_URL}{START}?next=%2Fdevices%2F&again=1"

    again = Client(headers={"host": "localhost:8000"}).get(START, {"again": "1"})
    assert "/idp/authorize" in again["Location"], "a proxy that hides the name makes no circle"


# --- Who is not let in ----------------------------------------------------------------------------


def test_somebody_unknown_is_told_what_to_do(visitor: Visitor, pool: LicencePool) -> None:
    page = signed_in(visitor)

    assert page.status_code == 403
    assert "IUM does not know you" in text_of(page)
    assert credentials.MEMBER_EMAIL in text_of(page)
    assert "ask your Jira administrator" in text_of(page)
    assert visitor.user_id is None
    assert not User.objects.filter(account_id=credentials.MEMBER).exists()


def test_an_unconfirmed_address_lets_nobody_in(
    visitor: Visitor, member: User, simulated: SimulatorProcess
) -> None:
    simulated.order("options", email_verified=False)

    page = signed_in(visitor)

    assert page.status_code == 403
    assert "is not confirmed" in text_of(page)
    assert visitor.user_id is None


def test_addresses_count_only_where_the_administrator_allows_it(
    visitor: Visitor, member: User, settings: Any
) -> None:
    company = replace(settings.IUM_SIGN_IN[0], by_email=False, account_id_claim="none")
    settings.IUM_SIGN_IN = (company,)

    page = signed_in(visitor)

    assert page.status_code == 403
    assert "said nothing by which IUM could find you" in text_of(page)


def test_the_account_id_counts_before_the_address(
    visitor: Visitor, member: User, pool: LicencePool, settings: Any
) -> None:
    factories.member(pool, email=credentials.MEMBER_EMAIL)
    company = replace(settings.IUM_SIGN_IN[0], account_id_claim="atlassian_account_id")
    settings.IUM_SIGN_IN = (company,)

    signed_in(visitor)

    assert visitor.user_id == str(member.pk)


def test_an_account_id_nobody_has_is_not_helped_by_an_address(
    visitor: Visitor, pool: LicencePool, settings: Any
) -> None:
    factories.member(pool, email=credentials.MEMBER_EMAIL)
    company = replace(settings.IUM_SIGN_IN[0], account_id_claim="atlassian_account_id")
    settings.IUM_SIGN_IN = (company,)

    assert signed_in(visitor).status_code == 403
    assert visitor.user_id is None


def test_an_address_of_two_people_lets_nobody_in(
    visitor: Visitor, member: User, pool: LicencePool
) -> None:
    factories.member(pool, email=credentials.MEMBER_EMAIL)

    assert "Several people in IUM have this address" in text_of(signed_in(visitor))


def test_an_address_that_only_looks_the_same_lets_nobody_in(
    pool: LicencePool, settings: Any
) -> None:
    """PostgreSQL takes a dotless i for an i when letters of both sizes count as the same."""
    factories.member(pool, email="mike@example.com")
    company = settings.IUM_SIGN_IN[0]
    for email in ("MIKE@example.com", "mike@example.com"):
        found = person_of(company, Identity(email=email, email_confirmed=True))
        assert found.email == "mike@example.com"

    with pytest.raises(NotLetInError):
        person_of(
            company,
            Identity(email="m\N{LATIN SMALL LETTER DOTLESS I}ke@example.com", email_confirmed=True),
        )


@pytest.mark.parametrize("change", [{"is_active": False}, {"account_status": "suspended"}])
def test_an_account_that_was_switched_off_is_not_let_in(
    visitor: Visitor, member: User, change: dict[str, Any]
) -> None:
    User.objects.filter(pk=member.pk).update(**change)

    page = signed_in(visitor)

    assert page.status_code == 403
    assert "Your account may not sign in" in text_of(page)


def test_a_local_account_with_the_same_address_is_not_taken(
    visitor: Visitor, pool: LicencePool
) -> None:
    User.objects.create_superuser("admin", "x", email=credentials.MEMBER_EMAIL)

    assert signed_in(visitor).status_code == 403
    assert visitor.user_id is None


# --- The admin ------------------------------------------------------------------------------------


def test_an_administrator_signs_in_to_the_admin_the_same_way(
    visitor: Visitor, member: User
) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    page = visitor.open("/admin/slots/slot/")
    assert "/admin/login/" in visitor.seen[-1]

    visitor.click(page, COMPANY)
    page = visitor.follow(choose(visitor))

    assert visitor.seen[-1].endswith("/admin/slots/slot/")
    assert page.status_code == 200


def test_others_do_not_get_into_the_admin(visitor: Visitor, member: User) -> None:
    visitor.click(visitor.open("/admin/"), COMPANY)
    page = visitor.follow(choose(visitor))

    assert "/admin/login/" in visitor.seen[-1]
    assert "You are signed in as Jamal Haddad, who may not use the administration" in text_of(page)


# --- What somebody might try ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http:///evil.example",
        "javascript:alert(1)",
        "\thttps://evil.example/",
        "https://127.0.0.1:8000@evil.example/",
        "",
    ],
)
def test_nobody_is_led_to_another_site(visitor: Visitor, member: User, wanted: str) -> None:
    signed_in(visitor, f"{START}?next={quote(wanted, safe='')}")

    assert urlsplit(visitor.seen[-1]).path == "/queue/"
    assert visitor.is_ium(visitor.seen[-1])
    assert visitor.user_id


def test_a_changed_state_is_refused(visitor: Visitor, member: User) -> None:
    back = way_back(visitor)
    page = visitor.get(back.replace("state=", "state=x"))

    assert page.status_code == 401
    assert "Please sign in again" in text_of(page)
    assert visitor.user_id is None
    # The true one still works: nobody can stop a sign-in from outside.
    assert visitor.get(back).status_code == 302
    assert visitor.user_id


def test_the_way_back_is_of_no_use_in_another_browser(visitor: Visitor, member: User) -> None:
    back = way_back(visitor)
    stranger = Visitor()

    assert stranger.get(back).status_code == 401
    assert stranger.user_id is None


def test_the_way_back_works_once(visitor: Visitor, member: User) -> None:
    back = way_back(visitor)
    assert visitor.get(back).status_code == 302
    visitor.ium.logout()

    assert visitor.get(back).status_code == 401
    assert visitor.user_id is None


def test_a_code_of_somebody_else_is_of_no_use(visitor: Visitor, member: User) -> None:
    """PKCE: the code was asked for with another browser's verifier."""
    stolen = parse_qs(urlsplit(way_back(visitor)).query)["code"][0]
    thief = Visitor()
    own = parse_qs(urlsplit(way_back(thief)).query)

    back = f"{START}back/?{urlencode({'code': stolen, 'state': own['state'][0]})}"
    page = thief.get(back)

    assert page.status_code == 502
    assert thief.user_id is None
    thief.web.close()


def test_the_state_of_one_provider_is_of_no_use_at_another(visitor: Visitor, member: User) -> None:
    back = way_back(visitor).replace("/with/company/", "/with/atlassian/")

    assert visitor.get(back).status_code == 401


@pytest.mark.parametrize("identity", ["forged", "wrong_issuer", "wrong_audience", "expired"])
def test_an_identity_that_is_not_right_lets_nobody_in(
    visitor: Visitor, member: User, simulated: SimulatorProcess, identity: str
) -> None:
    simulated.order("options", identity=identity)

    page = signed_in(visitor)

    assert page.status_code == 502
    assert "What it answered cannot be right" in text_of(page)
    assert visitor.user_id is None


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_identity_signed_with_no_or_a_shared_key_lets_nobody_in(
    visitor: Visitor, member: User, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    back, issuer = way_back(visitor), configured.IUM_SIGN_IN[0].issuer
    now = int(time.time())
    claims = {"iss": issuer, "aud": "ium-at-acme", "sub": "x", "iat": now, "exp": now + 300}
    key = "" if algorithm == "none" else "k" * 32
    token = jwt.encode(claims, key, algorithm=algorithm)
    token_call_answers(monkeypatch, {"access_token": "x", "id_token": token})
    monkeypatch.setattr(OpenIdAdapter, "_fetch_user_info", lambda *_: {"sub": "x"})

    assert visitor.get(back).status_code == 502
    assert visitor.user_id is None


def test_userinfo_about_somebody_else_lets_nobody_in(
    visitor: Visitor, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"sub": "other", "email": credentials.MEMBER_EMAIL, "email_verified": True}
    monkeypatch.setattr(OpenIdAdapter, "_fetch_user_info", lambda *_: told)

    assert signed_in(visitor).status_code == 502
    assert visitor.user_id is None


def test_a_provider_that_names_itself_differently_is_not_trusted(
    visitor: Visitor, member: User, settings: Any
) -> None:
    company = settings.IUM_SIGN_IN[0]
    settings.IUM_SIGN_IN = (
        replace(company, issuer=company.issuer.replace("127.0.0.1", "localhost")),
    )

    # Discovery is found there, and says http://localhost too: the simulation names itself as it was called.
    assert visitor.get(START).status_code == 302

    settings.IUM_SIGN_IN = (replace(company, issuer=company.issuer + "/"),)
    assert visitor.get(START).status_code == 502


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("openid-configuration", "status", 502),
        ("/idp/token", "status", 502),
        ("/idp/token", "drop_after_apply", 502),
        ("/idp/userinfo", "status", 502),
        ("/idp/jwks", "status", 502),
    ],
)
def test_trouble_at_the_provider_is_told_so(
    visitor: Visitor, member: User, simulated: SimulatorProcess, path: str, kind: str, status: int
) -> None:
    back = way_back(visitor)
    simulated.fault(path, kind, status=500)

    page = visitor.get(back)

    assert page.status_code == status
    assert "The sign-in service has a problem" in text_of(page)
    assert visitor.user_id is None


def token_call_answers(monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    """Let the provider's token call answer 200 with this."""
    real = requests.Session.request

    def request(session: requests.Session, method: str, url: str, **rest: Any) -> Any:
        if not url.endswith("/idp/token"):
            return real(session, method, url, **rest)
        answer = requests.Response()
        answer.status_code = 200
        answer.headers["Content-Type"] = "application/json"
        answer._content = json.dumps(body).encode()
        return answer

    monkeypatch.setattr(requests.Session, "request", request)


@pytest.mark.parametrize(
    "body", [[], "text", {"id_token": "x"}, {"access_token": "x", "id_token": "a.b.c"}]
)
def test_rubbish_from_the_provider_is_told_so(
    visitor: Visitor, member: User, monkeypatch: pytest.MonkeyPatch, body: Any
) -> None:
    back = way_back(visitor)
    token_call_answers(monkeypatch, body)

    page = visitor.get(back)

    assert page.status_code == 502
    assert visitor.user_id is None


def test_neither_codes_nor_tokens_get_into_the_log(
    visitor: Visitor,
    member: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    back = way_back(visitor)
    token_call_answers(monkeypatch, {"refresh_token": "very-secret"})
    caplog.set_level("INFO")

    visitor.get(back)

    told = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("ium")
    )
    assert "answered wrongly" in told
    assert "very-secret" not in told
    assert parse_qs(urlsplit(back).query)["code"][0] not in told


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        ("access_denied", 200, "You did not sign in"),
        ("server_error", 401, "Please sign in again"),
    ],
)
def test_who_comes_back_without_a_code_gets_a_page(
    visitor: Visitor, member: User, error: str, status: int, text: str
) -> None:
    back = urlsplit(way_back(visitor))
    state = parse_qs(back.query)["state"][0]

    page = visitor.get(f"{back.path}?{urlencode({'error': error, 'state': state})}")

    assert page.status_code == status
    assert text in text_of(page)
    assert visitor.user_id is None


def test_an_unknown_provider_does_not_exist(db: None) -> None:
    for path in ("/sign-in/with/nobody/", "/sign-in/with/nobody/back/"):
        assert Client().get(path).status_code == 404


def test_too_many_sign_ins_have_to_wait(visitor: Visitor, member: User, settings: Any) -> None:
    settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, "sign_ins": 2}

    answers = [visitor.get(START) for _ in range(4)]

    assert [answer.status_code for answer in answers][-1] == 429
    assert "Too many people sign in" in text_of(answers[-1])
    assert int(answers[-1]["Retry-After"]) > 0
