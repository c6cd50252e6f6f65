"""Firefox with the built extension, driven by WebDriver BiDi."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.extension.bidi import Bidi
from tests.extension.site import SITE
from tests.extension.world import World
from tests.system.running import Person, wait_for

FIREFOX = Path("/usr/bin/firefox-esr")
ID = "extension@ium.invalid"
HOST = str(uuid.UUID(int=0x1A))

QUEUE = "queue"
WARNING = "warning"
SET_UP = """async (server, token) => {
    await browser.storage.local.set({chosen: {server}, token: {access: token, refresh: null, expiresAt: null}});
    await new Promise((done) => setTimeout(done, 100));
}"""
POKE = """async () => {
    const {live} = await browser.storage.session.get("live");
    for (const state of Object.values(live.pools)) Object.assign(state, {receivedAt: 0, nextAskAt: 0});
    if (live.away) live.away.retryAt = 0;
    await browser.storage.session.set({live});
    await browser.runtime.sendMessage({type: "look", pool: "jira", wanted: null, fresh: true});
}"""
# Nobody sits at this computer, whatever headless Firefox says.
QUIET = """async () => {
    (await browser.runtime.getBackgroundPage()).browser.idle.queryState = async () => "idle";
    const {live} = await browser.storage.session.get("live");
    for (const state of Object.values(live.pools)) state.confirmedAt = state.activeAt;
    await browser.storage.session.set({live});
}"""
PASS = """async (seconds) => {
    const {live} = await browser.storage.session.get("live");
    for (const state of Object.values(live.pools)) state.sentAt -= seconds * 1000;
    await browser.storage.session.set({live});
}"""
# The background page's own way to the server is taken away, and given back.
OFFLINE = """async (is) => {
    const background = await browser.runtime.getBackgroundPage();
    background.ownFetch ??= background.fetch;
    background.fetch = is === "True" ? () => Promise.reject(new TypeError("offline")) : background.ownFetch;
}"""
FORGET = """async () => {
    await browser.storage.local.clear();
    await browser.storage.session.clear();
    for (const id of Object.keys(await browser.notifications.getAll())) await browser.notifications.clear(id);
}"""
# Ends the event page as Firefox itself does after 30 s without an event.
TERMINATE = """async (id) => {
    const {ExtensionParent} = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
    const extension = ExtensionParent.GlobalManager.getExtension(id);
    await extension.terminateBackground({disableResetIdleForTest: true});
}"""
MARK = "async () => { (await browser.runtime.getBackgroundPage()).isOld = true; }"
MARKED = "async () => (await browser.runtime.getBackgroundPage())?.isOld ?? false"
SIGN_IN = """async (accountId) => {
    const target = "/servicedesk/customer/portal/1";
    const answer = await fetch("/login", {method: "POST", body: new URLSearchParams({accountId, continue: target})});
    return answer.status;
}"""
# What an overlay's part says; nothing while it is not on the screen.
SEEN = """(part) => {
    const found = document.querySelector("ium-extension")?.shadowRoot?.querySelector(`[data-part=${part}]`);
    return found && found.checkVisibility() ? found.innerText : "";
}"""
STYLE = """(part) => {
    const root = document.querySelector("ium-extension").shadowRoot;
    const {fontSize, visibility, opacity} = getComputedStyle(root.querySelector(`[data-part=${part}] h2`));
    return [fontSize, visibility, opacity];
}"""
PLACE = """(part, button) => {
    const root = document.querySelector("ium-extension").shadowRoot;
    const box = root.querySelector(`[data-part=${part}] button[value=${button}]`).getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""


class Tab:
    """A tab."""

    def __init__(self, bidi: Bidi, context: str = "") -> None:
        """Open one, or take one that is open."""
        self.bidi = bidi
        self.context: str = context or bidi.send("browsingContext.create", type="tab")["context"]

    def goto(self, address: str) -> None:
        """Open an address and wait until it is loaded."""
        self.bidi.send(
            "browsingContext.navigate", context=self.context, url=address, wait="complete"
        )

    def run(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page; return its result."""
        answer = self.bidi.send(
            "script.callFunction",
            functionDeclaration=f"async (...all) => JSON.stringify(await ({function})(...all) ?? null)",
            arguments=[{"type": "string", "value": str(value)} for value in arguments],
            target={"context": self.context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def seen(self, part: str) -> str:
        """What the overlay or warning says; nothing while it is not there."""
        text: str = self.run(SEEN, part)
        return text

    def sees(self, part: str, text: str = "", seconds: float = 10) -> None:
        """Wait until the overlay or warning is there (and says this)."""
        wait_for(
            lambda: (said := self.seen(part)) and text in said, seconds, f"{part} says {text!r}"
        )

    def sees_no(self, part: str, seconds: float = 10) -> None:
        """Wait until it is not there."""
        wait_for(lambda: not self.seen(part), seconds, f"no {part}")

    def style(self, part: str) -> list[str]:
        """How the heading of the overlay looks: font size, visibility, opacity."""
        found: list[str] = self.run(STYLE, part)
        return found

    def to_front(self) -> None:
        """Show this tab: the others are no longer on the screen."""
        self.bidi.send("browsingContext.activate", context=self.context)

    def click(self, part: str, button: str) -> None:
        """Click a button of the overlay as a person does."""
        x, y = self.run(PLACE, part, button)
        self._perform(
            "pointer",
            {"type": "pointerMove", "x": int(x), "y": int(y)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    def press(self, key: str) -> None:
        """Press a key."""
        self._perform("key", {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})

    def _perform(self, kind: str, *actions: Mapping[str, Any]) -> None:
        source = {"type": kind, "id": kind, "actions": list(actions)}
        self.bidi.send("input.performActions", context=self.context, actions=[source])

    def address(self) -> str:
        """Where the tab is."""
        tree = self.bidi.send("browsingContext.getTree", root=self.context, maxDepth=0)
        url: str = tree["contexts"][0]["url"]
        return url

    def close(self) -> None:
        """Close it."""
        self.bidi.send("browsingContext.close", context=self.context)


class Firefox:
    """One browser with the extension; `forget` makes it new."""

    def __init__(self, folder: Path, world: World, profile: Path) -> None:
        """Start it and install the extension. Its administrator has set the server."""
        self.world = world
        policy = profile / ".mozilla" / "managed-storage" / f"{ID}.json"
        policy.parent.mkdir(parents=True)
        policy.write_text(
            json.dumps(
                {
                    "name": ID,
                    "description": "policy",
                    "type": "storage",
                    "data": {"server": world.ium.url},
                }
            )
        )
        self.bidi = Bidi(
            FIREFOX,
            profile,
            {
                "remote.active-protocols": 1,
                "network.dns.localDomains": "acme.atlassian.net,id.atlassian.com",
                "network.socket.forcePort": f"443={world.site.port}",
                "extensions.webextensions.uuids": json.dumps({ID: HOST}),
                "intl.accept_languages": "en-GB",
                # There is no desktop here that could show a notification: then Firefox draws it itself.
                "alerts.useSystemBackend": False,
            },
            profile / "firefox.log",
        )
        installed = self.bidi.send(
            "webExtension.install", extensionData={"type": "path", "path": str(folder)}
        )
        assert installed["extension"] == ID
        self.tabs: list[Tab] = []
        self.home = Tab(self.bidi)
        self.home.goto(f"moz-extension://{HOST}/options.html")

    def close(self) -> None:
        """End it."""
        self.bidi.close()

    def forget(self) -> None:
        """Take everything out that the extension remembers, and close all pages but its own."""
        for tab in self.tabs:
            tab.close()
        self.tabs.clear()
        self.bidi.send("storage.deleteCookies")
        self.home.run(FORGET)

    def sign_in(self, person: Person) -> None:
        """Put a device token of the person into the extension, and sign in at Jira."""
        self.home.run(SET_UP, self.world.ium.url, person.token)
        wait_for(
            lambda: self.tell({"type": "snapshot"})["config"]["pools"], 10, "the configuration"
        )
        tab = Tab(self.bidi)
        tab.goto(f"{SITE}/login")
        assert tab.run(SIGN_IN, person.account_id) == 200
        tab.close()

    def tell(self, message: dict[str, Any]) -> Any:
        """Send the background page a message as the popup does."""
        return self.home.run(
            "(text) => browser.runtime.sendMessage(JSON.parse(text))", json.dumps(message)
        )

    def open(self, path: str = "/browse/DEMO-1") -> Tab:
        """Open a page of Jira in a tab."""
        tab = Tab(self.bidi)
        self.tabs.append(tab)
        tab.goto(path if "://" in path else SITE + path)
        return tab

    def other_window(self, address: str) -> Tab:
        """The window that the browser opened for a sign-in."""

        def found() -> str | None:
            contexts = self.bidi.send("browsingContext.getTree", maxDepth=0)["contexts"]
            known = {self.home.context, *(tab.context for tab in self.tabs)}
            new = (c for c in contexts if c["context"] not in known)
            return next((c["context"] for c in new if c["url"].startswith(address)), None)

        context = wait_for(found, 15, "a window of the sign-in")
        assert context is not None
        return Tab(self.bidi, context)

    def poke(self) -> bool:
        """Let the extension ask the server now, as it would by itself within half a minute."""
        self.home.run(POKE)
        return True

    def quiet(self) -> None:
        """Nothing is left to report: what happened when a page was opened would take a warning back."""
        self.home.run(QUIET)

    def time_passes(self, seconds: float) -> None:
        """Let the extension believe that its last report is so much older."""
        self.home.run(PASS, seconds)

    def offline(self, is_offline: bool) -> None:
        """Let the extension's own calls fail, as without a network."""
        self.home.run(OFFLINE, is_offline)

    def end_event_page(self) -> None:
        """End the page of the background; the next event starts a new one."""
        self.home.run(MARK)
        tree = self.bidi.send("browsingContext.getTree", **{"maxDepth": 0, "moz:scope": "chrome"})
        Tab(self.bidi, tree["contexts"][0]["context"]).run(TERMINATE, ID)

    def has_old_event_page(self) -> bool:
        """Whether the page is still there that was to be ended."""
        is_old: bool = self.home.run(MARKED)
        return is_old

    def notices(self) -> list[str]:
        """The notifications that are on the screen."""
        shown: list[str] = self.home.run(
            "async () => Object.keys(await browser.notifications.getAll())"
        )
        return shown

    def badge(self) -> str:
        """What the toolbar button shows."""
        text: str = self.home.run("() => browser.action.getBadgeText({})")
        return text
