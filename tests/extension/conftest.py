"""The built extension, the running IUM, the simulated Jira under Atlassian's names, and real browsers."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from ium.runtime import extension
from jira_sync.simulator.credentials import SCOPED_TOKEN
from tests.conftest import CHROMIUM
from tests.extension.chromium import Chromium
from tests.extension.firefox import FIREFOX, Firefox
from tests.extension.inside import Inside
from tests.extension.site import SITE, Site
from tests.extension.world import World
from tests.system.running import Person, RunningIum

PEOPLE = 3


# First, because pytest-xdist reads the group in the same hook: without it both workers start a system, and build into
# one folder.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One running system for all, and a clear reason where something is missing."""
    here = Path(__file__).parent
    for item in (item for item in items if here in item.path.parents):
        item.add_marker(pytest.mark.system)
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.xdist_group("extension"))
        if reason := _missing(item):
            item.add_marker(pytest.mark.skip(reason=reason))


def _missing(item: pytest.Item) -> str:
    if not extension.has_npm():
        return "npm and node are needed to build the extension (Debian: nodejs, npm)"
    if "postgres" in os.environ.get("DATABASE_URL", ""):
        return "browsers do not see the database: these tests run with the suite on SQLite"
    if "firefox" in item.path.name and not FIREFOX.exists():
        return f"no browser at {FIREFOX}"
    if "chromium" in item.path.name and not CHROMIUM.exists():
        return f"no browser at {CHROMIUM}"
    return ""


@pytest.fixture(scope="session")
def dist() -> Path:
    """The built extension, one folder per browser."""
    try:
        extension.build()
    except subprocess.CalledProcessError as error:
        pytest.fail(f"the extension cannot be built:\n{error.stdout}\n{error.stderr}")
    return extension.EXTENSION / "dist"


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("extension")
    ium = RunningIum(data=folder / "data", database_url="")
    ium.start()
    site = Site(ium.jira_port, folder)
    inside = Inside(ium)
    # IUM itself does not reach that name: with a scoped token it calls the simulated Jira's gateway.
    inside.run(
        f"for site in Site.objects.all():\n"
        f"    site.url, site.api_token, site.api_token_scoped = {SITE!r}, {SCOPED_TOKEN!r}, True\n"
        f"    site.save()"
    )
    requests.post(f"{ium.jira_url}/_sim/options", json={"delay": 0.1}, timeout=5).raise_for_status()
    world = World(ium, site, inside)
    world.people = ium.people(PEOPLE)
    yield world
    inside.stop()
    site.stop()
    assert ium.stop() == 0


@pytest.fixture
def world(_world: World) -> World:
    """One licence, nobody has it."""
    _world.reset()
    return _world


@pytest.fixture
def ann(world: World) -> Person:
    """Who sits at the browser."""
    return world.people[0]


@pytest.fixture
def ben(world: World) -> Person:
    """Somebody else."""
    return world.people[1]


@pytest.fixture(scope="session")
def _chrome(
    dist: Path, _world: World, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    chrome = Chromium(
        chromium.browser_type, dist / "chrome", _world, tmp_path_factory.mktemp("chromium")
    )
    yield chrome
    chrome.close()


@pytest.fixture
def chrome(_chrome: Chromium, world: World) -> Iterator[Chromium]:
    """Chromium with the extension, as new: nobody is signed in."""
    _chrome.forget()
    yield _chrome
    _chrome.tidy()


@pytest.fixture(scope="session")
def _fox(dist: Path, _world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    fox = Firefox(dist / "firefox", _world, tmp_path_factory.mktemp("firefox"))
    yield fox
    fox.close()


@pytest.fixture
def fox(_fox: Firefox, world: World) -> Firefox:
    """Firefox with the extension, as new: nobody is signed in."""
    _fox.forget()
    return _fox
