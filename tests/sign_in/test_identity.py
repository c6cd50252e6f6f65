"""What counts of the words of a provider: address and confirmation from one document, never mixed."""

from typing import Any

import pytest

from ium.sign_in.configuration import Provider
from ium.sign_in.identity import Identity, identity_of

MAIL, OTHER = "ada@example.com", "eve@example.com"


def company(**changes: Any) -> Provider:
    """Return an OpenID provider."""
    return Provider("company", "Company", "id", "secret", issuer="https://x", **changes)


@pytest.mark.parametrize(
    ("id_token", "userinfo", "email", "confirmed"),
    [
        ({}, {"email": MAIL, "email_verified": True}, MAIL, True),
        ({"email": MAIL, "email_verified": True}, {}, MAIL, True),
        ({"email": MAIL, "email_verified": "true"}, {"email": MAIL}, MAIL, True),
        ({"email": MAIL}, {"email": OTHER, "email_verified": True}, OTHER, True),
        ({"email": MAIL, "email_verified": True}, {"email": OTHER}, MAIL, True),
        ({"email_verified": True}, {"email": OTHER}, OTHER, False),
        ({"email": MAIL, "email_verified": False}, {"email_verified": True}, MAIL, False),
        ({"email_verified": True}, {"email_verified": True}, "", False),
        ({}, {"email": "", "email_verified": True}, "", False),
    ],
)
def test_address_and_confirmation_come_from_one_document(
    id_token: dict[str, Any], userinfo: dict[str, Any], email: str, confirmed: bool
) -> None:
    told = {"id_token": id_token, "userinfo": userinfo}
    assert identity_of(company(), told) == Identity("", email, confirmed)


@pytest.mark.parametrize("value", [True, 1, "1", "true"])
def test_entra_confirms_by_another_claim(value: Any) -> None:
    entra = company(verified_claim="xms_edov")
    told = {"id_token": {"email": MAIL, "xms_edov": value}, "userinfo": {"email": MAIL}}
    assert identity_of(entra, told).email_confirmed

    told["id_token"] = {"email": MAIL, "email_verified": True}
    assert not identity_of(entra, told).email_confirmed, "only the named claim counts"


@pytest.mark.parametrize("value", ["", " ", None, 7, ["712020:x"], {"id": "712020:x"}])
def test_an_account_id_of_another_kind_is_none(value: Any) -> None:
    told = {"userinfo": {"jira": value}}
    assert identity_of(company(account_id_claim="jira"), told).account_id == ""


def test_a_claim_that_nobody_arranged_does_not_count() -> None:
    told = {"userinfo": {"": "712020:x", "account_id": "712020:x"}}
    assert identity_of(company(), told).account_id == ""
