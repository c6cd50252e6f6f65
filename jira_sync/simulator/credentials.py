"""The constant demo credentials, and who they speak for.

They are printed by ``--print-credentials`` so that another program can be set up against the simulator. Being
public constants of a simulator, none of them is a secret.
"""

# ruff: noqa: S105
from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

NAMESPACE = uuid.UUID("5b2f0c8e-6f0b-4f43-9a3e-0d6a4d1c7b11")


def stable_uuid(name: str) -> str:
    """The same UUID for the same name, in every process and on every machine."""
    return str(uuid.uuid5(NAMESPACE, name))


def account_id(number: int) -> str:
    """An account id in Atlassian's format, stable for the person's number."""
    return f"712020:{stable_uuid(f'person-{number}')}"


ORG_ID = stable_uuid("organisation")
CLOUD_ID = stable_uuid("site")
DIRECTORY_ID = stable_uuid("directory")
SITE_NAME = "Acme (simulated)"

ADMIN = account_id(0)
APP_ACCOUNT = f"557058:{stable_uuid('app')}"
CUSTOMER_ACCOUNT = f"qm:{stable_uuid('customer')}"
MEMBER = account_id(9)
ADMIN_EMAIL = "ada.lindqvist@example.com"
MEMBER_EMAIL = "jamal.haddad@example.com"
APP_EMAIL = "automation@connect.example.com"

KeyKind = Literal["full", "scoped", "dead", "foreign"]
TokenKind = Literal["full", "scoped", "read-only", "dead"]

# Organization API keys. Two full ones live side by side, as during a rotation.
ORG_KEY = "ATCTT3xSimulatedOrgKeyOne"
SECOND_ORG_KEY = "ATCTT3xSimulatedOrgKeyTwo"
SCOPED_ORG_KEY = "ATCTT3xSimulatedScopedKey"
REVOKED_ORG_KEY = "ATCTT3xSimulatedRevokedKey"
EXPIRED_ORG_KEY = "ATCTT3xSimulatedExpiredKey"
FOREIGN_ORG_KEY = "ATCTT3xSimulatedOtherOrgKey"
ORG_KEYS: dict[str, KeyKind] = {
    ORG_KEY: "full",
    SECOND_ORG_KEY: "full",
    SCOPED_ORG_KEY: "scoped",
    REVOKED_ORG_KEY: "dead",
    EXPIRED_ORG_KEY: "dead",
    FOREIGN_ORG_KEY: "foreign",
}


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token of one account. Scoped ones work below /ex/jira/{cloudId} only."""

    email: str
    account_id: str
    kind: TokenKind = "full"


ADMIN_TOKEN = "ATATT3xSimulatedAdminToken"
SCOPED_TOKEN = "ATATT3xSimulatedScopedToken"
READ_ONLY_TOKEN = "ATATT3xSimulatedReadOnlyToken"
EXPIRED_TOKEN = "ATATT3xSimulatedExpiredToken"
MEMBER_TOKEN = "ATATT3xSimulatedMemberToken"
APP_TOKEN = "ATATT3xSimulatedAppToken"
API_TOKENS: dict[str, ApiToken] = {
    ADMIN_TOKEN: ApiToken(ADMIN_EMAIL, ADMIN),
    SCOPED_TOKEN: ApiToken(ADMIN_EMAIL, ADMIN, "scoped"),
    READ_ONLY_TOKEN: ApiToken(ADMIN_EMAIL, ADMIN, "read-only"),
    EXPIRED_TOKEN: ApiToken(ADMIN_EMAIL, ADMIN, "dead"),
    MEMBER_TOKEN: ApiToken(MEMBER_EMAIL, MEMBER),
    APP_TOKEN: ApiToken(APP_EMAIL, APP_ACCOUNT),
}


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """An application that may ask people to sign in."""

    client_id: str
    secret: str
    name: str


# One registered at the company's OpenID provider, one made in Atlassian's developer console.
OPENID_CLIENT = OAuthClient("ium-at-acme", "SimulatedOpenIdSecret", "IUM")
ATLASSIAN_CLIENT = OAuthClient("SimulatedAtlassianClient", "ATOASimulatedAppSecret", "IUM")


def printable(org_id: str = ORG_ID) -> dict[str, str]:
    """Everything another program needs to talk to the simulator, by speaking names."""
    return {
        "org_id": org_id,
        "cloud_id": CLOUD_ID,
        "directory_id": DIRECTORY_ID,
        "org_key": ORG_KEY,
        "second_org_key": SECOND_ORG_KEY,
        "scoped_org_key": SCOPED_ORG_KEY,
        "revoked_org_key": REVOKED_ORG_KEY,
        "expired_org_key": EXPIRED_ORG_KEY,
        "foreign_org_key": FOREIGN_ORG_KEY,
        "admin_account_id": ADMIN,
        "admin_email": ADMIN_EMAIL,
        "api_token": ADMIN_TOKEN,
        "scoped_api_token": SCOPED_TOKEN,
        "read_only_api_token": READ_ONLY_TOKEN,
        "expired_api_token": EXPIRED_TOKEN,
        "member_email": MEMBER_EMAIL,
        "member_api_token": MEMBER_TOKEN,
        "app_email": APP_EMAIL,
        "app_api_token": APP_TOKEN,
        "openid_client_id": OPENID_CLIENT.client_id,
        "openid_client_secret": OPENID_CLIENT.secret,
        "atlassian_client_id": ATLASSIAN_CLIENT.client_id,
        "atlassian_client_secret": ATLASSIAN_CLIENT.secret,
    }
