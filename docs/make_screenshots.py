"""Renew the pictures in docs/images from a running `./ium.sh up`, with Debian's Chromium.

.venv/bin/python docs/make_screenshots.py --password PASSWORD [--url http://127.0.0.1:8000]
"""

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

# The simulated Jira lists people by name; who is further back has no slot of the crowd's.
SOMEBODY = 40
IMAGES = Path(__file__).parent / "images"
ADMIN_PAGES = {
    "overview": "/admin/",
    "configuration": "/admin/slots/licencepool/1/change/",
    "slots": "/admin/slots/slot/",
    "queue-admin": "/admin/slots/queueentry/",
    "journal": "/admin/slots/journalentry/",
    "set-up": "/admin/jira_sync/finding/setup/",
    "configuration-check": "/admin/jira_sync/finding/",
    "sync-log": "/admin/jira_sync/syncrun/",
}


def main() -> None:
    """Sign in and take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", required=True)
    options = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1300, "height": 850})
        _administrator(page, options.url, options.login, options.password)
        _dry_run(page, options.url)
        for name, path in ADMIN_PAGES.items():
            _take(page, options.url + path, name)
        _look(page, options.url)
        page = browser.new_page(viewport={"width": 900, "height": 960})
        _queue(page, options.url)
        browser.close()


def _administrator(page: Page, url: str, login: str, password: str) -> None:
    page.goto(f"{url}/admin/")
    page.fill("[name=username]", login)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_load_state()


def _dry_run(page: Page, url: str) -> None:
    """A dry run of the user sync, and a picture of what it would do."""
    page.goto(f"{url}/admin/jira_sync/syncsettings/1/change/")
    page.click("text=Dry run >> nth=0")
    page.wait_for_timeout(800)
    page.click("form button:has-text('Dry run')")
    page.wait_for_timeout(4000)
    page.reload()
    page.screenshot(path=IMAGES / "sync-run.png")


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
    page.screenshot(path=IMAGES / "queue-look.png")


def _queue(page: Page, url: str) -> None:
    """The queue page of a simulated person, after a click on Reconnect."""
    page.goto(f"{url}/queue/")
    page.click("main a >> nth=0")
    page.click("text=people without a licence")
    page.click(f"button[value]:not([value='']) >> nth={SOMEBODY}")
    page.wait_for_url(f"{url}/queue/**")
    if page.is_visible("[data-action=reconnect]"):
        page.click("[data-action=reconnect]")
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "queue.png")


def _take(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
