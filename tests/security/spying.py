"""Listens to everything that is logged, and looks for secrets in it and on every page."""

import logging

from django.test import Client
from django.urls import reverse

from ium.directory.models import Site
from slots.models import LicencePool
from tests.security.conftest import PASSWORD, administrator

KEYS = {
    "org_key": "ATCTT3xFfN-marker-first",
    "second_org_key": "ATCTT3xFfN-marker-second",
    "api_token": "ATATT3xFfG-marker-token",
}
BASIC = "Ym90QGV4YW1wbGUuY29tOkFUQVRUM3hGZkctbWFya2VyLXRva2Vu"  # the e-mail and the API token in Basic's form


class Spy:
    """Everything that was logged, as a file would hold it, with tracebacks."""

    def __init__(self) -> None:
        """Listen to all loggers, at the lowest level."""
        self.lines: list[str] = []
        self.handler = logging.Handler(logging.DEBUG)
        self.handler.emit = self.note  # type: ignore[method-assign]
        self.form = logging.Formatter("%(name)s %(message)s %(args)s")

    def note(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        extra = {key: value for key, value in vars(record).items() if key not in {"request", "msg"}}
        self.lines.append(f"{self.form.format(record)} {extra!r}")

    def text(self) -> str:
        """Return all lines."""
        return "\n".join(self.lines)


def clean(text: str, *more: str) -> None:
    """Fail when a secret is in the text."""
    for secret in (*KEYS.values(), BASIC, PASSWORD, *more):
        assert secret not in text, (
            f"{secret[:6]}… was found: {text[max(0, text.find(secret) - 200) :][:300]}"
        )


def everything_is_clean(*more: str) -> None:
    """Look at the pages, the API and the numbers."""
    boss = Client(raise_request_exception=False)
    boss.force_login(administrator())
    site, pool = Site.objects.get(), LicencePool.objects.get()
    pages = [
        "/metrics",
        "/readyz",
        "/admin/",
        reverse("admin:directory_site_changelist"),
        reverse("admin:directory_site_change", args=[site.pk]),
        reverse("admin:directory_site_history", args=[site.pk]),
        reverse("admin:slots_licencepool_change", args=[pool.pk]),
        reverse("admin:slots_journalentry_changelist"),
        reverse("admin:slots_jobrun_changelist"),
        reverse("admin:slots_slot_changelist"),
        reverse("admin:directory_device_changelist"),
        "/api/v1/slot",
        "/api/v1/config",
        "/queue/",
    ]
    for page in pages:
        answer = boss.get(page)
        assert answer.status_code == 200 or page == "/readyz", page
        clean(answer.content.decode(), *more)
