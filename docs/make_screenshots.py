"""Renew the pictures of the manual, in English and German, with Debian's Chromium.

.venv/bin/python docs/make_screenshots.py [NAME ...]        # names: administration, users

Starts a system of its own on a data folder that is thrown away, without the crowd: the same people in the same
states every time. Only times of day differ. Charts have a script of their own.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ium.settings_test")
django.setup()

from playwright.sync_api import BrowserContext, BrowserType, Page, sync_playwright  # noqa: E402

from ium.runtime import extension  # noqa: E402
from jira_sync.simulator.credentials import SCOPED_TOKEN  # noqa: E402
from tests.conftest import CHROMIUM  # noqa: E402
from tests.extension.chromium import QUEUE, WARNING, Chromium  # noqa: E402
from tests.extension.inside import Inside  # noqa: E402
from tests.extension.site import SITE, Site  # noqa: E402
from tests.extension.world import World  # noqa: E402
from tests.system.running import Person, RunningIum, wait_for  # noqa: E402

IMAGES = ROOT / "docs" / "images"
USERS = ROOT / "docs" / "users" / "images"
LANGUAGES = {"en": "en-GB", "de": "de"}
LICENCES, PEOPLE = 12, 18
FREE, BOARD = "/servicedesk/customer/portal/1", "/jira/software/projects/DEMO/boards/1"
POOL = "/admin/slots/licencepool/1/change/"
ADMIN_PAGES = {
    "overview": "/admin/",
    "configuration": POOL,
    "slots": "/admin/slots/slot/",
    "queue-admin": "/admin/slots/queueentry/",
    "journal": "/admin/slots/journalentry/",
    "set-up": "/admin/jira_sync/finding/setup/",
    "configuration-check": "/admin/jira_sync/finding/",
    "sync-log": "/admin/jira_sync/syncrun/",
}

# A session of the person, as if they had signed in; the answer is the cookie's value.
SESSION = """
from importlib import import_module
from django.conf import settings
person = User.objects.get(**{who!r})
store = import_module(settings.SESSION_ENGINE).SessionStore()
store["_auth_user_id"], store["_auth_user_hash"] = str(person.pk), person.get_session_auth_hash()
store["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
store.save()
result = [settings.SESSION_COOKIE_NAME, store.session_key]
"""
# Ends of stays, so that an expected wait is known.
STAYS = """
from slots.models import LossReason
now, pool, person = clock.now(), LicencePool.objects.get(key="jira"), User.objects.get(username="admin")
SlotSession.objects.bulk_create(
    SlotSession(pool=pool, user=person, waited_seconds=0, granted_at=now - timedelta(days=1, minutes=9),
                ended_at=now - timedelta(days=1), loss_reason=LossReason.RELEASED) for _ in range(40))
SlotSession.objects.update(granted_at=now - timedelta(days=1, minutes=9))
"""
# Holders who did something so many minutes ago, one of them warned.
WORKED = """
now = clock.now()
for number, slot in enumerate(Slot.objects.filter(state="active").order_by("holder__display_name")):
    ago = timedelta(minutes=[1, 3, 0, 12, 7, 25, 2, 41, 0, 5, 58, 18][number % 12])
    LastActivity.objects.filter(user=slot.holder).update(last_active_at=now - ago)
    Slot.objects.filter(pk=slot.pk).update(granted_at=now - ago - timedelta(minutes=20),
        confirmed_at=now - ago - timedelta(minutes=20), clock_from=now - ago, seen_at=now - ago)
for number, entry in enumerate(QueueEntry.objects.waiting().order_by("-seq")):
    QueueEntry.objects.filter(pk=entry.pk).update(joined_at=now - timedelta(minutes=2 + 3 * number))
"""


@contextmanager
def running(folder: Path) -> Iterator[World]:
    """Start the system, with the simulated Jira under Atlassian's own names."""
    # Always the same ports: pictures show the address.
    ium = RunningIum(data=folder / "data", database_url="", port=8640, jira_port=8641)
    ium.start()
    site, inside = Site(ium.jira_port, folder), Inside(ium)
    inside.run(
        "for site in Site.objects.all():\n"
        f"    site.url, site.api_token, site.api_token_scoped = {SITE!r}, {SCOPED_TOKEN!r}, True\n"
        "    site.save()"
    )
    requests.post(f"{ium.jira_url}/_sim/options", json={"delay": 0.1}, timeout=5)
    world = World(ium, site, inside, ium.people(PEOPLE))
    try:
        yield world
    finally:
        inside.stop()
        site.stop()
        ium.stop()


def main(names: list[str]) -> None:
    """Take the pictures that were asked for."""
    wanted = names or ["administration", "users"]
    with (
        tempfile.TemporaryDirectory(prefix="ium-pictures-") as folder,
        running(Path(folder)) as world,
        sync_playwright() as playwright,
    ):
        if "administration" in wanted:
            _administration(world, playwright.chromium)
        if "users" in wanted:
            extension.build()
            for short, language in LANGUAGES.items():
                _users(world, playwright.chromium, Path(folder), short, language)


def _signed_in(world: World, context: BrowserContext, **who: str) -> None:
    name, value = world.inside.run(SESSION.format(who=who))
    context.add_cookies([{"name": name, "value": value, "url": world.ium.url}])


# --- Administration -------------------------------------------------------------------------------


def _administration(world: World, chromium: BrowserType) -> None:
    world.reset(assigned_licences=LICENCES)
    for person in world.people[:LICENCES]:
        world.has_slot(person)
    world.inside.run(STAYS)
    for person in world.people[LICENCES : LICENCES + 4]:
        person.call("POST", "slot", return_url=f"{SITE}/browse/DEMO-1")
    world.inside.run(WORKED)
    browser = chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    _signed_in(world, context, username="admin")
    page = context.new_page()
    for name, path in ADMIN_PAGES.items():
        page.goto(world.ium.url + path)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
    _dry_run(page, world.ium.url)
    _look(page, world.ium.url)
    browser.close()


def _dry_run(page: Page, url: str) -> None:
    """A dry run of the user sync, and a picture of what it would do."""
    page.goto(f"{url}/admin/jira_sync/syncsettings/1/change/")
    page.click("text=Dry run >> nth=0")
    page.locator("form button:has-text('Dry run')").click()
    page.get_by_text("dry run, nothing changed").first.wait_for()
    page.reload()
    page.screenshot(path=IMAGES / "sync-run.png", animations="disabled")


def _look(page: Page, url: str) -> None:
    """The look of the queue page while it is written; nothing is saved."""
    page.goto(f"{url}/admin/slots/queuebranding/add/")
    page.fill("[name=title_en_gb]", "Acme Works")
    page.fill(
        "[name=message_en_gb]", "**Urgent?** Call the [service desk](https://example.com): 4711."
    )
    page.fill("[name=message_de]", "**Eilig?** [Service-Desk](https://example.com) anrufen: 4711.")
    page.fill("[name=colour]", "#00838f")
    page.wait_for_timeout(1500)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=IMAGES / "queue-look.png", animations="disabled")


# --- What people see ------------------------------------------------------------------------------


def _users(world: World, chromium: BrowserType, folder: Path, short: str, language: str) -> None:
    world.reset()
    world.inside.run(STAYS)
    holder, ahead, me = world.people[:3]
    world.has_slot(holder)
    ahead.call("POST", "slot", return_url=f"{SITE}/browse/DEMO-1")
    chrome = Chromium(
        chromium,
        _extension(folder, short),
        world,
        folder / f"profile-{short}",
        language=language,
    )
    _queue_page(world, chrome, me, short)
    _in_jira(world, chrome, [holder, ahead, me], short)
    chrome.close()


def _extension(folder: Path, short: str) -> Path:
    """Return the built extension with one language: Debian's Chromium itself knows only English."""
    copy = folder / f"extension-{short}"
    shutil.copytree(extension.EXTENSION / "dist" / "chrome", copy)
    texts = copy / "_locales" / short / "messages.json"
    if short != "en":
        shutil.copy(texts, copy / "_locales" / "en" / "messages.json")
    return copy


def _queue_page(world: World, chrome: Chromium, me: Person, short: str) -> None:
    """The queue page with position and expected wait; the notice about the extension is put away."""
    _signed_in(world, chrome.context, account_id=me.account_id)
    page = chrome.context.new_page()
    page.set_viewport_size({"width": 820, "height": 780})
    page.goto(f"{world.ium.url}/queue/?pool=jira")
    page.locator("[data-action=reconnect]").click()
    page.locator("#queue[data-view=queued]").wait_for()
    page.wait_for_timeout(6000)  # the server looks at the stays every five seconds
    page.reload()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=USERS / f"queue.{short}.png", animations="disabled")
    if short == "en":
        page.screenshot(path=IMAGES / "queue.png", animations="disabled")
    page.close()


def _in_jira(world: World, chrome: Chromium, people: list[Person], short: str) -> None:
    holder, ahead, me = people
    chrome.sign_in(me)
    page = chrome.open(FREE)
    page.set_viewport_size({"width": 900, "height": 600})
    page.evaluate("(path) => history.pushState({}, '', path)", BOARD)
    page.locator(QUEUE).wait_for()
    chrome.poke()
    page.locator(f"{QUEUE} [data-part=position]").get_by_text("2").wait_for()
    _own(page, short, "extension-queue")
    ahead.hands_back()
    holder.hands_back()
    page.locator(QUEUE).wait_for(state="hidden", timeout=30_000)
    page.goto(f"{SITE}/browse/DEMO-1")
    wait_for(lambda: chrome.badge() == "✓", 10, "the badge")
    _popup(chrome, short)
    chrome.quiet()
    world.warn(me, 47)
    chrome.poke()
    page.locator(WARNING).wait_for()
    page.screenshot(path=USERS / f"warning.{short}.png", animations="disabled")
    _own(page, short, "extension-warning")
    world.lose(me)
    chrome.poke()
    page.locator(QUEUE).wait_for()
    page.screenshot(path=USERS / f"lost.{short}.png", animations="disabled")


def _popup(chrome: Chromium, short: str) -> None:
    popup = chrome.own("popup.html")
    popup.set_viewport_size({"width": 360, "height": 270})
    popup.locator("#release").wait_for()
    popup.screenshot(path=USERS / f"popup.{short}.png")
    if short == "en":
        popup.screenshot(path=IMAGES / "extension-popup.png")
    popup.close()


def _own(page: Page, short: str, name: str) -> None:
    """Pictures of the administrators' pages, in English only."""
    if short == "en":
        page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main(sys.argv[1:])
