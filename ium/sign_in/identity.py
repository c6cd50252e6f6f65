"""Who somebody is to IUM, by what a provider says of them. Nobody is ever created here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices

from ium.directory.models import AccountStatus, User
from ium.sign_in.configuration import Provider

Claims = Mapping[str, Any]


class Reason(TextChoices):
    """Why somebody whom the provider knows does not get into IUM."""

    UNKNOWN = "unknown"
    NO_LINK = "no_link"
    UNCONFIRMED = "unconfirmed"
    AMBIGUOUS = "ambiguous"
    INACTIVE = "inactive"


class NotLetInError(Exception):
    """IUM does not let this person in; `identity` is what the provider said."""

    def __init__(self, reason: Reason, identity: "Identity") -> None:
        super().__init__(reason)
        self.reason, self.identity = reason, identity


@dataclass(frozen=True)
class Identity:
    """What a provider says of a person, as far as IUM looks at it."""

    account_id: str = ""
    email: str = ""
    email_confirmed: bool = False


def identity_of(provider: Provider, told: Claims) -> Identity:
    """Return what the provider said: Atlassian in one document, OpenID Connect in two."""
    if provider.kind == "atlassian":
        return Identity(account_id=_text(told, "account_id"), email=_text(told, "email"))
    documents = [told.get("id_token") or {}, told.get("userinfo") or {}]
    claim = provider.account_id_claim
    account_ids = [_text(document, claim) for document in documents if claim]
    # Address and confirmation have to come from the same document.
    mails = [
        (_is_true(document.get(provider.verified_claim)), _text(document, "email"))
        for document in documents
        if _text(document, "email")
    ]
    confirmed, email = max(mails, key=lambda mail: mail[0], default=(False, ""))
    return Identity(next(filter(None, account_ids), ""), email, confirmed)


def _text(document: Claims, name: str) -> str:
    value = document.get(name)
    return value.strip() if isinstance(value, str) and "\x00" not in value else ""


def _is_true(value: Any) -> bool:
    """Providers differ: true, "true" (AWS Cognito), 1 or "1" (Entra's xms_edov)."""
    return value is True or str(value).lower() in {"true", "1"}


def person_of(provider: Provider, identity: Identity) -> User:
    """Return the one person of IUM this is. Raises NotLetInError."""
    user = _by_account_id(identity) if identity.account_id else _by_email(provider, identity)
    if not user.is_active or user.account_status != AccountStatus.ACTIVE:
        raise NotLetInError(Reason.INACTIVE, identity)
    return user


def _by_account_id(identity: Identity) -> User:
    user = User.objects.filter(account_id=identity.account_id).first()
    if user is None:
        raise NotLetInError(Reason.UNKNOWN, identity)
    return user


def _by_email(provider: Provider, identity: Identity) -> User:
    if not provider.by_email or not identity.email:
        raise NotLetInError(Reason.NO_LINK, identity)
    if not identity.email_confirmed:
        raise NotLetInError(Reason.UNCONFIRMED, identity)
    wanted = identity.email.lower()
    known = User.objects.filter(email__iexact=identity.email, account_id__isnull=False)
    # The database may take more letters for the same than one should (a dotless i for an i).
    found = [user for user in known[:50] if user.email.lower() == wanted]
    if len(found) != 1:
        raise NotLetInError(Reason.AMBIGUOUS if found else Reason.UNKNOWN, identity)
    return found[0]
