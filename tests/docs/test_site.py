"""The site: it is built without a warning, works from a folder, and loads nothing from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, Route, expect

from ium.runtime import manual
from ium.runtime.config import ROOT
from ium.runtime.errors import OperatorError
from tests.conftest import CHROMIUM


class Addresses(HTMLParser):
    """Collects what a page loads, where it leads, and its anchors."""

    def __init__(self, text: str) -> None:
        """Read the page."""
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses and anchors."""
        given = {name: value for name, value in attrs if value}
        self.anchors.add(given.get("id", ""))
        self.loaded += [given[name] for name in ("src", "srcset", "poster") if name in given]
        if "href" in given:
            (self.links if tag == "a" else self.loaded).append(given["href"])


@pytest.fixture(scope="module")
def built(site: Path) -> dict[Path, Addresses]:
    """Every page with its addresses."""
    return {path: Addresses(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_markdown_file_is_a_page_with_a_place_in_the_order(
    conf: ModuleType, pages: list[Path], site: Path
) -> None:
    listed = {page for group in conf.chapters().values() for page in group}
    for path in pages:
        name = "/" + path.relative_to(ROOT).with_suffix("").as_posix()
        assert name in listed | {"/docs/index"}
        assert (site / f"{name[1:]}.html").exists()


def test_pages_load_nothing_from_elsewhere(site: Path, built: dict[Path, Addresses]) -> None:
    outside = {each for page in built.values() for each in page.loaded if urlsplit(each).netloc}
    assert outside == set()
    for path in site.rglob("*.css"):
        assert re.findall(r"url\(\s*['\"]?(?:https?:)?//", path.read_text("utf-8")) == []


def test_every_link_leads_to_a_file_and_every_anchor_is_there(
    built: dict[Path, Addresses],
) -> None:
    missing = [
        f"{path.name}: {link}"
        for path, page in built.items()
        for link in [*page.links, *page.loaded]
        if not urlsplit(link).scheme and not _leads_somewhere(path, link, built)
    ]
    assert missing == []


def _leads_somewhere(path: Path, link: str, built: dict[Path, Addresses]) -> bool:
    parts = urlsplit(link)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    anchor = unquote(parts.fragment)
    return target.exists() and (
        not anchor or target not in built or anchor in built[target].anchors
    )


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_the_search_works_from_a_folder_without_a_network(site: Path, chromium: Browser) -> None:
    context = chromium.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route(re.compile("^https?://"), refuse)
    page.goto((site / "index.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "The manual of IUM", timeout=15_000
    )
    page.get_by_role("searchbox").or_(page.locator("input[name=q]")).first.fill("reclaim")
    page.keyboard.press("Enter")
    expect(page.locator("ul.search a").first).to_be_visible(timeout=20_000)
    found = page.locator("ul.search a").all_inner_texts()
    assert "Glossary" in found
    assert asked == []
    context.close()


def test_a_broken_link_stops_the_build_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "conf.py").write_text(
        'extensions = ["myst_parser"]\nroot_doc = "docs/index"\n'
    )
    (tmp_path / "docs" / "index.md").write_text("# Here\n\n[there](nowhere.md)\n")
    monkeypatch.setattr(manual, "ROOT", tmp_path)
    with pytest.raises(OperatorError, match="nowhere"):
        manual.build(tmp_path / "site")


def test_every_diagram_has_its_picture_and_no_picture_is_left_over(
    conf: ModuleType, pages: list[Path]
) -> None:
    blocks = re.compile(r"^```mermaid\n(.*?)^```", re.MULTILINE | re.DOTALL)
    wanted = {
        conf.diagram_name(block) for path in pages for block in blocks.findall(path.read_text())
    }
    folder = ROOT / "docs" / "images" / "diagrams"
    # Drawn by docs/draw_diagrams.py, which says how.
    assert {path.name for path in folder.glob("*.svg")} == wanted
