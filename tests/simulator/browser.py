"""A very small browser: cookies, no automatic redirects."""

from __future__ import annotations

import time

import requests


class Browser:
    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str, host: str = "") -> requests.Response:
        headers = {"Host": host} if host else {}
        return self.session.get(self.url + path, headers=headers, allow_redirects=False, timeout=5)

    def post(self, path: str, **form: str) -> requests.Response:
        return self.session.post(self.url + path, data=form, allow_redirects=False, timeout=5)

    def sign_in(self, account_id: str) -> None:
        assert self.post("/login", accountId=account_id).status_code == 303

    def opens(self, path: str) -> bool:
        """Whether the page is shown; a redirect to anything but "no access" would be a fault of the test."""
        answer = self.get(path)
        if answer.status_code == 302:
            assert "/join/user-access" in answer.headers["Location"]
        return answer.status_code == 200

    def wait_until(self, path: str, *, opens: bool, within: float = 3) -> float:
        """How long it took until the page opened, or closed."""
        began = time.monotonic()
        while self.opens(path) is not opens:
            assert time.monotonic() - began < within, f"{path} did not change"
            time.sleep(0.01)
        return time.monotonic() - began
