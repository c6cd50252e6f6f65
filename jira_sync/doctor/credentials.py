"""The credentials of a site, one by one: a connection that has only this one, and when it ends."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ium.directory.models import Site
from jira_sync.client.errors import ConnectionIncomplete
from jira_sync.client.factory import Connection, build
from jira_sync.client.interface import JiraDirectory

Family = Literal["organisation", "rest"]


@dataclass(frozen=True)
class Credential:
    """One key or token. Its secret is only inside `connection`, which never shows it.

    `code` is the site's field. `expiry_is_kept` is whether the site has a field for its end at all.
    """

    code: str
    label: str | Promise
    family: Family
    connection: Connection = field(repr=False)
    expires_on: date | None = None
    expiry_is_kept: bool = True


def credentials_of(site: Site) -> list[Credential]:
    """Return the credentials that a site has, in the order in which they are tried."""
    return list(_credentials(site))


def _credentials(site: Site) -> Iterator[Credential]:
    for code, label in (("org_key", _("organisation key")), ("second_org_key", _("second key"))):
        if key := getattr(site, code):
            first = code == "org_key"
            yield Credential(
                code,
                label,
                "organisation",
                connection_of(site, org_keys=(key,)),
                site.org_key_expires_on if first else None,
                expiry_is_kept=first,
            )
    if site.api_token:
        connection = connection_of(site, with_token=True)
        yield Credential("api_token", _("API token"), "rest", connection, site.api_token_expires_on)


def connection_of(
    site: Site, *, org_keys: tuple[str, ...] = (), with_token: bool = False
) -> Connection:
    """Return the connection to a site with only the given credentials."""
    return Connection(
        site_url=site.url,
        org_id=site.org_id or None,
        directory_id=site.directory_id or None,
        org_keys=org_keys,
        email=site.api_email if with_token else "",
        api_token=site.api_token if with_token else "",
        api_base=site.api_url,
        cloud_id=site.cloud_id or None,
        scoped=site.api_token_scoped,
    )


def connect(connection: Connection) -> JiraDirectory:
    """Return a client. Raises ConnectionIncomplete, also for an address or a key that cannot be one."""
    try:
        return build(connection)
    except ValueError as error:
        raise ConnectionIncomplete("cannot be used", message=str(error)) from None
