"""A person with a browser: IUM in this process, everything else over real HTTP; follows links and forms."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from django.test import Client

OWN_NAME = urlsplit(settings.IUM_URL).netloc


@dataclass
class Visitor:
    """Two cookie jars: IUM's (`ium`) and that of all other sites."""

    ium: Client = field(default_factory=lambda: Client(headers={"host": OWN_NAME}))
    web: requests.Session = field(default_factory=requests.Session)
    # Every address that was opened, in order.
    seen: list[str] = field(default_factory=list)

    def get(self, address: str) -> Any:
        """Open an address; follow no redirect."""
        self.seen.append(address)
        if self.is_ium(address):
            parts = urlsplit(address)
            return self.ium.get(f"{parts.path}?{parts.query}")
        return self.web.get(address, allow_redirects=False, timeout=10)

    @staticmethod
    def is_ium(address: str) -> bool:
        """Whether the address is one of IUM's."""
        return address.startswith(("/", settings.IUM_URL + "/"))

    def follow(self, answer: Any) -> Any:
        """Follow redirects until a page comes."""
        while answer.status_code in {302, 303}:
            answer = self.get(urljoin(self.seen[-1], answer.headers["Location"]))
        return answer

    def open(self, address: str) -> Any:
        """Open an address and follow redirects."""
        return self.follow(self.get(address))

    def click(self, page: Any, text: str) -> Any:
        """Follow the link with this text."""
        found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>\s*{re.escape(text)}\s*</a>', html_of(page))
        assert found, f"no link {text!r}"
        return self.open(urljoin(self.seen[-1], unescape(found[1])))

    def submit(self, **form: str) -> Any:
        """Send a form of the page that is open (of a site other than IUM)."""
        return self.follow(self.send(**form))

    def send(self, **form: str) -> Any:
        """Send a form; follow no redirect."""
        return self.web.post(self.seen[-1], data=form, allow_redirects=False, timeout=10)

    @property
    def user_id(self) -> str | None:
        """Who is signed in to IUM."""
        found: str | None = self.ium.session.get("_auth_user_id")
        return found


def html_of(page: Any) -> str:
    """Return a page's source."""
    return str(page.content.decode())
