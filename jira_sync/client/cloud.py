"""The id of a site in Atlassian's gateway, which scoped API tokens need."""

from __future__ import annotations

import re
import threading

from .errors import BadAnswer
from .transport import Transport

CLOUD_ID = re.compile(r"[A-Za-z0-9-]+")


class CloudId:
    """A cloud id: given (ValueError if it cannot be one), or looked up once at the site itself."""

    def __init__(self, site: Transport, given: str | None = None) -> None:
        if given and not CLOUD_ID.fullmatch(given):
            raise ValueError("The cloud id is not one: it has letters, digits and hyphens only.")
        self._site = site
        self._value = given
        self._lookup = threading.Lock()

    def value(self) -> str:
        """The id, by GET {site}/_edge/tenant_info (anonymous) if it was not given."""
        with self._lookup:
            if not self._value:
                found = self._site.read("GET", "/_edge/tenant_info").document().get("cloudId")
                if not isinstance(found, str) or not CLOUD_ID.fullmatch(found):
                    raise BadAnswer("/_edge/tenant_info: no cloudId")
                self._value = found
            return self._value
