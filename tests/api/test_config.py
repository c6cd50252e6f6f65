"""What clients are told: with and without sign-in, cheaply, and as the administrator wants it."""

import re
from typing import Any

import pytest
from django.test import Client

from ium.directory.models import Product, Project
from slots.models import LicencePool, PageRules
from slots.pages import ACCESS_REQUEST_URLS, FREE_PATHS, FREE_PROJECT_TYPES, pool_for_page
from tests.api.conftest import problem_of, with_token
from tests.factories import PoolFactory, UserFactory, member

pytestmark = pytest.mark.django_db
CONFIG = "/api/v1/config"


def config(client: Any = None) -> dict[str, Any]:
    """Return the document as this client gets it."""
    answer = (client or Client()).get(CONFIG)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


def needs_slot(pool: dict[str, Any], document: dict[str, Any], path: str) -> bool:
    """Decide as a client does."""
    if not any(re.search(rule, path) for rule in pool["needed_paths"]):
        return False
    if any(re.search(rule, path) for rule in pool["free_paths"]):
        return False
    keys = [found[1] for rule in document["project_paths"] if (found := re.search(rule, path))]
    return not set(keys) & set(pool["free_projects"])


def test_without_rules_of_ones_own_the_built_in_ones_hold(pool: LicencePool) -> None:
    document = config()
    assert document["pools"] == []
    assert document["free_paths"] == FREE_PATHS
    assert document["free_project_types"] == FREE_PROJECT_TYPES
    assert document["access_request_urls"][:1] == ACCESS_REQUEST_URLS
    assert document["minimum_extension_version"] == ""


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/jira/software/projects/DEMO/boards/1", True),
        ("/browse/DEMO-1", True),
        ("/browse/NEW-1", True),
        ("/browse/SUP-1", False),
        ("/jira/your-work", True),
        ("/jira/servicedesk/projects/SUP/queues/custom/1", False),
        ("/servicedesk/customer/portal/1", False),
        ("/helpcenter/", False),
        ("/jira/polaris/projects/IDEA/ideas/view/1", False),
        ("/jira/assets/object-schema/1", False),
        ("/wiki/home", False),
        ("/jira/settings/system/general-configuration", False),
        ("/login.jsp", False),
        ("/loginform", True),
    ],
)
def test_a_client_can_tell_which_pages_need_a_slot(
    pool: LicencePool, path: str, needed: bool
) -> None:
    for key, type_key in {"DEMO": "software", "SUP": "service_desk"}.items():
        Project.objects.create(site=pool.site, key=key, type_key=type_key)
    document = config(with_token(member(pool)))
    assert needs_slot(document["pools"][0], document, path) is needed


def test_everybody_who_is_signed_in_is_told_which_projects_are_free(pool: LicencePool) -> None:
    Project.objects.create(site=pool.site, key="SUP", type_key="service_desk")
    Project.objects.create(site=pool.site, key="DEMO", type_key="software")
    assert config(with_token(UserFactory.create()))["pools"][0]["free_projects"] == ["SUP"]


def test_a_project_of_another_site_frees_nothing_here(pool: LicencePool) -> None:
    other = PoolFactory.create(key="other")
    Project.objects.create(site=other.site, key="SUP", type_key="service_desk")
    pools = config(with_token(member(pool)))["pools"]
    assert {each["key"]: each["free_projects"] for each in pools} == {"jira": [], "other": ["SUP"]}


def test_a_pool_says_whether_confluence_needs_a_slot(pool: LicencePool) -> None:
    LicencePool.objects.update(covers_confluence=True)
    document = config(with_token(member(pool)))
    assert needs_slot(document["pools"][0], document, "/wiki/home")
    assert not needs_slot(document["pools"][0], document, "/helpcenter/")
    pool.refresh_from_db()
    page = f"{pool.site.url}/wiki/home"
    assert pool_for_page(page, [pool]) == pool
    own = PoolFactory.create(key="wiki", site=pool.site, product=Product.CONFLUENCE)
    assert pool_for_page(page, [pool, own]) == own
    pool.covers_confluence = False
    assert pool_for_page(page, [pool]) is None


@pytest.mark.parametrize(
    ("product", "needed", "free"),
    [
        (Product.CONFLUENCE, "/wiki/spaces/X", "/browse/DEMO-1"),
        (Product.SERVICE_MANAGEMENT, "/jira/servicedesk/projects/SUP", "/servicedesk/customer/x"),
    ],
)
def test_pools_of_other_products_have_pages_of_their_own(
    pool: LicencePool, product: str, needed: str, free: str
) -> None:
    LicencePool.objects.update(product=product)
    document = config(with_token(member(pool)))
    assert needs_slot(document["pools"][0], document, needed)
    assert not needs_slot(document["pools"][0], document, free)


def test_the_administrators_rules_replace_the_built_in_ones(pool: LicencePool) -> None:
    PageRules.objects.create(
        pk=1,
        free_paths="^/wiki\n\n ^/new(/|$)",
        free_project_types="service_desk",
        access_request_urls="https://id.example/join",
        minimum_extension_version="1.2.0",
    )
    document = config(with_token(member(pool)))
    assert document["free_paths"] == document["pools"][0]["free_paths"] == ["^/wiki", "^/new(/|$)"]
    assert document["free_project_types"] == ["service_desk"]
    assert "https://id.example/join" in document["access_request_urls"]
    assert document["minimum_extension_version"] == "1.2.0"


def test_a_rule_that_nobody_checked_reaches_no_browser(pool: LicencePool) -> None:
    PageRules.objects.create(pk=1, free_paths="^/(a+)+$\n^/ok")
    assert config()["free_paths"] == ["^/ok"]


def test_polling_is_answered_with_304_until_something_changes(pool: LicencePool) -> None:
    client = with_token(member(pool))
    first = client.get(CONFIG)
    assert re.fullmatch(r'"[0-9a-f]{64}"', first["ETag"])
    assert first["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Accept-Language"} <= set(first["Vary"].split(", "))
    again = client.get(CONFIG, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Access-Control-Allow-Origin"] == "*"
    PageRules.objects.create(pk=1, minimum_extension_version="2")
    changed = client.get(CONFIG, headers={"if-none-match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)


def test_the_texts_come_in_the_language_asked_for_under_a_tag_of_their_own(
    pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slots.api.config._", lambda text: f"{_language()}: {text}")
    english, german = (Client().get(CONFIG, headers={"accept-language": at}) for at in ("en", "de"))
    assert english.json()["texts"]["sign_in"].startswith("en")
    assert german.json()["texts"]["sign_in"].startswith("de")
    assert english["ETag"] != german["ETag"]


def _language() -> str:
    from django.utils.translation import get_language

    return get_language()


def test_a_token_that_ended_is_refused_so_that_the_client_notices(pool: LicencePool) -> None:
    problem_of(Client().get(CONFIG, headers={"authorization": "Bearer ium_no"}), 401, "signed_out")


def test_the_timers_and_addresses_are_those_of_the_settings(
    pool: LicencePool, settings: Any
) -> None:
    settings.IUM_DEMO = True
    document = config(with_token(member(pool)))
    assert document["queue_url"] == f"{settings.IUM_URL}/queue/"
    assert f"{settings.IUM_SIMULATOR_URL}/join/user-access" in document["access_request_urls"]
    assert (document["activity_seconds"], document["config_seconds"]) == (30, 600)
    assert document["pools"][0]["warning_seconds"] == pool.warning_seconds
