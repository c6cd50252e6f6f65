"""Which sign-ins there are: read from the environment by the settings, checked before IUM starts.

`IUM_SIGN_IN=okta,atlassian` names them; `IUM_SIGN_IN_OKTA_ISSUER` and so on say the rest (docs/administrator.md).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from ium.configuration.reader import Reader

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ATLASSIAN = "atlassian"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9/_.~-]*")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True)
class Provider:
    """One sign-in. `key` is its name in addresses, `name` the one that people see."""

    key: str
    name: str
    client_id: str
    secret: str = field(repr=False)
    kind: Literal["openid", "atlassian"] = "openid"
    # OpenID Connect: the issuer, exactly as its discovery document has it.
    issuer: str = ""
    # The claim with the Atlassian account id, where the company has arranged one.
    account_id_claim: str = ""
    # The administrator trusts this provider to know whose an e-mail address is.
    by_email: bool = False
    # The claim that says that the address was confirmed (Entra: xms_edov).
    verified_claim: str = "email_verified"
    # OpenID Connect Core 3.1.2.1: "select_account" lets people choose among several accounts.
    prompt: str = ""
    # Atlassian's three addresses.
    authorize_url: str = "https://auth.atlassian.com/authorize"
    token_url: str = "https://auth.atlassian.com/oauth/token"  # noqa: S105 - an address
    profile_url: str = "https://api.atlassian.com/me"


def read_providers(env: Reader) -> tuple[Provider, ...]:
    """Return the providers that the environment names. Raises ImproperlyConfigured."""
    keys = [key.strip().lower() for key in env("IUM_SIGN_IN") if key.strip()]
    if len(keys) != len(set(keys)):
        raise ImproperlyConfigured("IUM_SIGN_IN names a sign-in twice.")
    return tuple(_read(key, env) for key in keys)


def _read(key: str, env: Reader) -> Provider:
    if not _KEY.fullmatch(key):
        raise ImproperlyConfigured(
            f"IUM_SIGN_IN: {key!r} is no name. Use small letters, digits and hyphens, such as okta."
        )
    start = f"IUM_SIGN_IN_{key.upper().replace('-', '_')}_"
    provider = Provider(
        key=key,
        kind="atlassian" if key == ATLASSIAN else "openid",
        name=env(f"{start}NAME") or key.replace("-", " ").title(),
        client_id=env(f"{start}CLIENT_ID"),
        secret=env(f"{start}CLIENT_SECRET"),
        issuer=env(f"{start}ISSUER").strip(),
        account_id_claim=env(f"{start}ACCOUNT_ID_CLAIM"),
        by_email=env(f"{start}BY_EMAIL"),
        verified_claim=env(f"{start}VERIFIED_CLAIM"),
        prompt=env(f"{start}PROMPT"),
    )
    _check(provider, start)
    return provider


def _check(provider: Provider, start: str) -> None:
    needed: Mapping[str, str] = {
        "CLIENT_ID": provider.client_id,
        "CLIENT_SECRET": provider.secret,
        **({"ISSUER": provider.issuer} if provider.kind == "openid" else {}),
    }
    if missing := [start + name for name, value in needed.items() if not value]:
        raise ImproperlyConfigured(
            f"The sign-in {provider.key!r} needs {' and '.join(missing)} (docs/administrator.md)."
        )
    if provider.kind == "openid":
        if not is_safe(provider.issuer):
            raise ImproperlyConfigured(
                f"{start}ISSUER must begin with https://: whoever can change what is on the way there "
                "could sign in as anybody. Only addresses of this machine may begin with http://."
            )
        if not (provider.by_email or provider.account_id_claim):
            raise ImproperlyConfigured(
                f"The sign-in {provider.key!r} could match nobody: give {start}ACCOUNT_ID_CLAIM, the claim with "
                f"the Atlassian account id, or {start}BY_EMAIL=1 to match people by their confirmed e-mail address."
            )


def read_redirects(env: Reader) -> list[str]:
    """Return where the extension may be sent back to. Raises ImproperlyConfigured.

    The addresses also get into a page's policy, where a space or a semicolon would mean something else.
    """
    found = [each.strip() for each in env("IUM_EXTENSION_REDIRECTS")]
    for address in filter(None, found):
        if not is_safe(address) or not _ADDRESS.fullmatch(address):
            raise ImproperlyConfigured(
                f"IUM_EXTENSION_REDIRECTS: {address!r} is no address of an extension, such as "
                "https://<id>.chromiumapp.org/cb (docs/administrator.md)."
            )
    return [address for address in found if address]


def is_safe(address: str) -> bool:
    """Whether nobody on the way can change what comes from the address: https, or this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if "@" in parts.netloc or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
