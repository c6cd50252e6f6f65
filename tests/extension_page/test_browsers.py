"""Which browser somebody seems to use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ium.directory.models import ExtensionBrowser
from ium.extension_page.browsers import browser_of, chosen, link_for

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/156.0.0.0 Safari/537.36"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36"
CHROME_HINTS = '"Chromium";v="156", "Google Chrome";v="156", "Not.A/Brand";v="8"'
EDGE_HINTS = '"Chromium";v="156", "Microsoft Edge";v="156", "Not.A/Brand";v="8"'
BRAVE_HINTS = '"Chromium";v="156", "Brave";v="156", "Not.A/Brand";v="8"'
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
FIREFOX_ANDROID = "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0"
SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/26.0 Safari/605.1.15"
)
TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("agent", "hints", "browser"),
    [
        (WINDOWS, CHROME_HINTS, "chrome"),
        (WINDOWS, "", "chrome"),
        (f"{WINDOWS} Edg/156.0.0.0", EDGE_HINTS, "edge"),
        (f"{WINDOWS} Edg/156.0.0.0", "", "edge"),
        (WINDOWS, BRAVE_HINTS, "other"),
        (f"{WINDOWS} OPR/120.0.0.0", "", "other"),
        (FIREFOX, "", "firefox"),
        (FIREFOX_ANDROID, "", "other"),
        (ANDROID, "", "other"),
        (ANDROID, CHROME_HINTS, "other"),
        (SAFARI, "", "other"),
        ("", "", "other"),
        ("curl/8", "", "other"),
        ("Chrome/" + "1" * 5000, "x" * 5000, "other"),
    ],
)
def test_a_browser_is_known_by_its_headers(agent: str, hints: str, browser: str) -> None:
    headers = {"User-Agent": agent} | ({"Sec-CH-UA": hints} if hints else {})
    assert browser_of(headers) == browser


@given(TEXT, TEXT, TEXT)
def test_any_headers_are_some_browser(agent: str, hints: str, mobile: str) -> None:
    headers = {"User-Agent": agent, "Sec-CH-UA": hints, "Sec-CH-UA-Mobile": mobile}
    assert browser_of(headers) in ExtensionBrowser


def test_people_choose_among_the_four_only() -> None:
    assert [chosen(name) for name in ("edge", "other", "", "Safari")] == [
        "edge",
        "other",
        None,
        None,
    ]


def test_a_browsers_own_link_wins_over_the_one_for_all(settings: object) -> None:
    settings.IUM_EXTENSION_URL = "https://all.example/"  # type: ignore[attr-defined]
    settings.IUM_EXTENSION_URLS = {"edge": "https://edge.example/", "firefox": ""}  # type: ignore[attr-defined]
    links = {browser.value: link_for(browser) for browser in ExtensionBrowser}
    assert links == {
        "chrome": "https://all.example/",
        "edge": "https://edge.example/",
        "firefox": "https://all.example/",
        "other": "https://all.example/",
    }


@pytest.mark.parametrize("address", ["javascript:alert(1)", "/here", "ftp://x", ""])
def test_what_is_no_web_address_is_no_link(settings: object, address: str) -> None:
    settings.IUM_EXTENSION_URL = address  # type: ignore[attr-defined]
    settings.IUM_EXTENSION_URLS = {}  # type: ignore[attr-defined]
    assert link_for(ExtensionBrowser.CHROME) == ""
