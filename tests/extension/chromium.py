"""Chromium with the built extension."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType, Page

from tests.conftest import CHROMIUM
from tests.extension.site import SITE
from tests.extension.world import World
from tests.system.running import Person, wait_for

QUEUE = "ium-extension [data-part=queue]"
WARNING = "ium-extension [data-part=warning]"
ID = "icfmkbgclckkhijflihdjcbhhcoonepi"

SET_UP = """async ([server, token]) => {
    await chrome.storage.local.set({chosen: {server}, token: {access: token, refresh: null, expiresAt: null}});
    await new Promise((done) => setTimeout(done, 100));
    await chrome.runtime.sendMessage({type: "snapshot"});
}"""
# As if the last answer were old: the server is asked now.
POKE = """async () => {
    const {live} = await chrome.storage.session.get("live");
    for (const state of Object.values(live.pools)) Object.assign(state, {receivedAt: 0, nextAskAt: 0});
    if (live.away) live.away.retryAt = 0;
    await chrome.storage.session.set({live});
    return chrome.runtime.sendMessage({type: "look", pool: "jira", wanted: null, fresh: true});
}"""
QUIET = """async () => {
    const {live} = await chrome.storage.session.get("live");
    for (const state of Object.values(live.pools)) state.confirmedAt = state.activeAt;
    await chrome.storage.session.set({live});
}"""
PASS = """async (milliseconds) => {
    const {live} = await chrome.storage.session.get("live");
    for (const state of Object.values(live.pools)) state.sentAt -= milliseconds;
    await chrome.storage.session.set({live});
}"""
SIGN_IN = """async (accountId) => {
    const target = "/servicedesk/customer/portal/1";
    const answer = await fetch("/login", {method: "POST", body: new URLSearchParams({accountId, continue: target})});
    return answer.status;
}"""


class Chromium:
    """One browser with the extension; `forget` makes it new."""

    def __init__(
        self,
        browser_type: BrowserType,
        folder: Path,
        world: World,
        profile: Path,
        program: Path = CHROMIUM,
        language: str = "en-GB",
    ) -> None:
        """Start it. `language`: what it asks servers for."""
        self.world = world
        self.complaints: list[str] = []
        self.context: BrowserContext = browser_type.launch_persistent_context(
            profile,
            executable_path=program,
            headless=True,
            locale=language,
            viewport={"width": 1100, "height": 700},
            args=[
                f"--disable-extensions-except={folder}",
                f"--load-extension={folder}",
                "--no-sandbox",
                f"--host-resolver-rules=MAP *.atlassian.net:443 127.0.0.1:{world.site.port},"
                f"MAP id.atlassian.com:443 127.0.0.1:{world.site.port}",
                "--ignore-certificate-errors",
            ],
        )
        self.context.set_default_timeout(10_000)
        workers = self.context.service_workers
        self.worker = workers[0] if workers else self.context.wait_for_event("serviceworker")
        # Nobody sits at this computer: only what a test does itself is activity.
        self.worker.evaluate("() => { chrome.idle.queryState = async () => 'idle'; }")
        self.id = self.worker.url.split("/")[2]
        self.home = self.own("options.html")

    def close(self) -> None:
        """End it."""
        self.context.close()

    def own(self, name: str) -> Page:
        """Open a page of the extension in a tab."""
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self.id}/{name}")
        return page

    def tell(self, message: dict[str, Any]) -> Any:
        """Send the worker a message as the popup does."""
        return self.home.evaluate("(message) => chrome.runtime.sendMessage(message)", message)

    def forget(self) -> None:
        """Take everything out that the extension remembers, and close all pages but its own."""
        self.tidy()
        self.context.clear_cookies()
        self.home.evaluate(
            "async () => { await chrome.storage.local.clear(); await chrome.storage.session.clear(); }"
        )

    def tidy(self) -> None:
        """Close the pages of a test; whatever they complained about fails it."""
        for page in self.context.pages:
            if page is not self.home:
                page.close()
        complaints, self.complaints = self.complaints, []
        assert complaints == []

    def sign_in(self, person: Person) -> None:
        """Put a device token of the person into the extension, and sign in at Jira."""
        self.home.evaluate(SET_UP, [self.world.ium.url, person.token])
        wait_for(
            lambda: self.tell({"type": "snapshot"})["config"]["pools"], 10, "the configuration"
        )
        self.sign_in_at_jira(person)

    def sign_in_at_jira(self, person: Person) -> None:
        """Have a session with Jira, and no page open."""
        page = self.context.new_page()
        page.goto(f"{SITE}/login")
        assert page.evaluate(SIGN_IN, person.account_id) == 200
        page.close()

    def open(self, path: str = "/browse/DEMO-1") -> Page:
        """Open a page of Jira in a tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))
        page.goto(path if "://" in path else SITE + path)
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def poke(self) -> Any:
        """Let the extension ask the server now, as it would by itself within half a minute."""
        return self.home.evaluate(POKE)

    def quiet(self) -> None:
        """Nothing is left to report: what happened when a page was opened would take a warning back."""
        self.home.evaluate(QUIET)

    def time_passes(self, seconds: float) -> None:
        """Let the extension believe that its last report is so much older."""
        self.home.evaluate(PASS, seconds * 1000)

    def badge(self) -> str:
        """What the toolbar button shows."""
        text: str = self.home.evaluate("() => chrome.action.getBadgeText({})")
        return text

    def token(self) -> Any:
        """The token that the extension keeps."""
        return self.home.evaluate(
            "async () => (await chrome.storage.local.get('token')).token ?? null"
        )

    def forget_tokens_at(self, world: World) -> None:
        """Sign all devices of extensions out, as the person's page does."""
        world.inside.run("Device.objects.filter(label__contains='Chrome').delete()")
        self.context.clear_cookies()

    def state(self) -> dict[str, Any]:
        """What the extension knows of the pool."""
        found: dict[str, Any] = self.tell({"type": "snapshot"})["pools"].get("jira", {})
        return found


def sign_in_at_ium(page: Page, person: Person, name: str) -> None:
    """Sign in on IUM's own page, which opened for the extension: by the simulated Jira."""
    page.get_by_role("link", name="Sign in with").first.click()
    search = page.get_by_label("Name, address or group")
    search.fill(name)
    search.press("Enter")
    page.locator(f"table button[value='{person.account_id}']").click()


# Policies are read from a folder of the system. They are put over it for this one process tree only.
WITH_POLICY = """#!/bin/sh
exec unshare --mount sh -c '
    mkdir -p /etc/chromium && mount -t tmpfs none /etc/chromium &&
    mkdir -p /etc/chromium/policies/managed && cp {policy} /etc/chromium/policies/managed/ &&
    exec {chromium} "$@"' sh "$@"
"""


@contextmanager
def policed(
    browser_type: BrowserType, folder: Path, world: World, scratch: Path
) -> Iterator[Chromium]:
    """Chromium whose administrator set the server, and where somebody pressed Allow for IUM's pages."""
    allowed = scratch / "extension"
    shutil.copytree(folder, allowed)
    manifest = json.loads((allowed / "manifest.json").read_text())
    manifest["host_permissions"].append("http://127.0.0.1/*")
    (allowed / "manifest.json").write_text(json.dumps(manifest))
    policy = scratch / "policy.json"
    settings = {"server": world.ium.url, "unknown": True}
    policy.write_text(json.dumps({"3rdparty": {"extensions": {ID: settings}}}))
    program = scratch / "chromium"
    program.write_text(WITH_POLICY.format(policy=policy, chromium=CHROMIUM))
    program.chmod(0o755)
    chrome = Chromium(browser_type, allowed, world, scratch / "profile", program)
    try:
        yield chrome
    finally:
        chrome.close()
