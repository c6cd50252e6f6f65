"""The sign-ins of the environment: what is not safe, or could let nobody in, stops IUM from starting."""

import re
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ium.configuration.reader import Reader
from ium.demo.sign_in import ATLASSIAN, OPENID, demo_providers
from ium.sign_in.configuration import is_safe, read_providers, read_redirects
from jira_sync.simulator import credentials

OKTA = {
    "IUM_SIGN_IN": "okta",
    "IUM_SIGN_IN_OKTA_ISSUER": "https://acme.okta.com",
    "IUM_SIGN_IN_OKTA_CLIENT_ID": "id",
    "IUM_SIGN_IN_OKTA_CLIENT_SECRET": "very-secret",
    "IUM_SIGN_IN_OKTA_BY_EMAIL": "1",
}


def read(environment: dict[str, str]) -> Any:
    """Read the providers of an environment."""
    return read_providers(Reader(environment))


def test_several_at_once() -> None:
    more = {
        "IUM_SIGN_IN": "okta, Atlassian,my-idp",
        "IUM_SIGN_IN_ATLASSIAN_CLIENT_ID": "a",
        "IUM_SIGN_IN_ATLASSIAN_CLIENT_SECRET": "b",
        "IUM_SIGN_IN_MY_IDP_ISSUER": "https://id.acme.example/realms/acme",
        "IUM_SIGN_IN_MY_IDP_CLIENT_ID": "c",
        "IUM_SIGN_IN_MY_IDP_CLIENT_SECRET": "d",
        "IUM_SIGN_IN_MY_IDP_ACCOUNT_ID_CLAIM": "jira",
    }
    okta, atlassian, mine = read(OKTA | more)

    assert (okta.name, okta.kind, okta.by_email) == ("Okta", "openid", True)
    assert (atlassian.kind, atlassian.profile_url) == ("atlassian", "https://api.atlassian.com/me")
    assert (mine.key, mine.name, mine.account_id_claim) == ("my-idp", "My Idp", "jira")
    assert "very-secret" not in repr(okta)


def test_none_is_fine() -> None:
    assert read({}) == ()


def test_a_secret_may_be_a_file(tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("from-a-file")
    environment = {name: value for name, value in OKTA.items() if not name.endswith("_SECRET")}
    environment["IUM_SIGN_IN_OKTA_CLIENT_SECRET_FILE"] = str(tmp_path / "secret")

    assert read(environment)[0].secret == "from-a-file"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"IUM_SIGN_IN_OKTA_ISSUER": "http://acme.okta.com"}, "must begin with https://"),
        ({"IUM_SIGN_IN_OKTA_ISSUER": "http://localhost.evil.example"}, "must begin with https://"),
        ({"IUM_SIGN_IN_OKTA_ISSUER": "http://127.0.0.1@evil.example"}, "must begin with https://"),
        ({"IUM_SIGN_IN_OKTA_ISSUER": "acme.okta.com"}, "must begin with https://"),
        ({"IUM_SIGN_IN_OKTA_ISSUER": ""}, "needs IUM_SIGN_IN_OKTA_ISSUER"),
        ({"IUM_SIGN_IN_OKTA_CLIENT_ID": ""}, "needs IUM_SIGN_IN_OKTA_CLIENT_ID"),
        ({"IUM_SIGN_IN_OKTA_CLIENT_SECRET": ""}, "needs IUM_SIGN_IN_OKTA_CLIENT_SECRET"),
        ({"IUM_SIGN_IN_OKTA_BY_EMAIL": "0"}, "could match nobody"),
        ({"IUM_SIGN_IN": "okta,okta"}, "twice"),
        ({"IUM_SIGN_IN": "okta,../x"}, "is no name"),
    ],
)
def test_what_cannot_be_right_is_told(change: dict[str, str], told: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(told)) as problem:
        read(OKTA | change)
    assert "very-secret" not in str(problem.value)


def redirects(text: str) -> list[str]:
    """Read the addresses of extensions."""
    return read_redirects(Reader({"IUM_EXTENSION_REDIRECTS": text}))


def test_addresses_of_extensions_are_read_with_and_without_spaces() -> None:
    loopback = "http://127.0.0.1/mozoauth2/0a1b"
    assert redirects("") == []
    assert redirects(f"https://abc.chromiumapp.org/cb, {loopback},") == [
        "https://abc.chromiumapp.org/cb",
        loopback,
    ]


@pytest.mark.parametrize(
    "address",
    [
        "http://abc.chromiumapp.org/cb",
        "abc.chromiumapp.org/cb",
        "https://abc.chromiumapp.org",
        "https://*.chromiumapp.org/cb",
        "https://abc.chromiumapp.org/cb; script-src *",
        "https://abc.chromiumapp.org/cb?x=1",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_of_an_extension_is_told(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="IUM_EXTENSION_REDIRECTS"):
        redirects(address)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8090/idp", "http://localhost", "http://[::1]:9"]
)
def test_this_machine_needs_no_https(address: str) -> None:
    assert is_safe(address)


def test_the_demo_knows_what_the_simulation_prints() -> None:
    printed = credentials.printable()
    assert (printed["openid_client_id"], printed["openid_client_secret"]) == OPENID
    assert (printed["atlassian_client_id"], printed["atlassian_client_secret"]) == ATLASSIAN
    assert [provider.key for provider in demo_providers("http://x")] == ["company", "atlassian"]
