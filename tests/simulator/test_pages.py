"""Pages: who may open what, where everybody else is sent, and what the extension reads in them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import account_id
from tests.simulator.browser import Browser
from tests.simulator.process import SimulatorProcess

BOARD = "/jira/software/projects/DEMO/boards/1"
SOFTWARE_PAGES = (
    "/jira/your-work",
    "/jira/for-you",
    "/browse/DEMO-1",
    "/browse/OPS-4",
    "/issues/?jql=project%3DDEMO",
    f"{BOARD}?selectedIssue=DEMO-1",
    "/jira/software/c/projects/DEMO/boards/12",
    "/jira/core/projects/OPS/board",
)
FREE_PAGES = (
    "/servicedesk/customer/portal/1",
    "/servicedesk/customer/portal/1/SUP-1",
    "/helpcenter/help",
    "/jira/assets/object-schema/1?view=list",
    "/jira/discovery/share/views/1",
)
MANAGED = account_id(20)
NOBODY_SPECIAL = account_id(275)


@pytest.mark.parametrize(
    "path", [*SOFTWARE_PAGES, "/wiki/home", "/jira/polaris/projects/IDEA/ideas/view/1"]
)
def test_without_the_product_every_page_leads_to_the_no_access_page(
    browser: Browser, path: str
) -> None:
    browser.sign_in(NOBODY_SPECIAL)
    answer = browser.get(path)
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    query = parse_qs(target.query)
    owner = "confluence" if path.startswith("/wiki") else "jira"
    assert target.path == "/join/user-access"
    assert query["resource"] == [f"ari:cloud:{owner}::site/{credentials.CLOUD_ID}"]
    assert query["continue"] == [browser.url + path]


@pytest.mark.parametrize("path", SOFTWARE_PAGES)
def test_with_a_licence_the_pages_open_and_say_they_are_simulated(
    browser: Browser, path: str
) -> None:
    browser.sign_in(credentials.MEMBER)
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "Simulated Jira: this is not Atlassian" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", FREE_PAGES)
def test_pages_that_need_no_licence_open_for_everybody_signed_in(
    browser: Browser, path: str
) -> None:
    browser.sign_in(credentials.CUSTOMER_ACCOUNT)
    assert browser.opens(path)


def test_the_project_type_decides_what_browse_needs(browser: Browser) -> None:
    browser.sign_in(MANAGED)
    assert not browser.opens("/browse/DEMO-1")
    assert not browser.opens("/browse/SUP-1")
    assert browser.opens("/browse/IDEA-1")
    assert browser.get("/browse/NONE-1").status_code == 404
    assert browser.get("/browse/DEMO").headers["Location"] == BOARD


def test_agents_open_the_queue_and_others_do_not(browser: Browser) -> None:
    queue = "/jira/servicedesk/projects/SUP/queues/custom/1"
    browser.sign_in(MANAGED)
    assert not browser.opens(queue)
    browser.sign_in(credentials.MEMBER)
    assert browser.opens(queue)


def test_nobody_signed_in_is_sent_to_sign_in_and_back(browser: Browser) -> None:
    answer = browser.get("/browse/DEMO-1")
    assert answer.status_code == 302
    assert (
        answer.headers["Location"]
        == f"/login?continue={quote(browser.url + '/browse/DEMO-1', safe='')}"
    )
    signed_in = browser.post(
        "/login", accountId=credentials.MEMBER, **{"continue": "/browse/DEMO-1"}
    )
    assert (signed_in.status_code, signed_in.headers["Location"]) == (303, "/browse/DEMO-1")
    assert browser.opens("/browse/DEMO-1")
    browser.post("/logout")
    assert "/login" in browser.get("/browse/DEMO-1").headers["Location"]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"]
)
def test_sign_in_never_leads_off_the_site(browser: Browser, target: str) -> None:
    answer = browser.post("/login", accountId=credentials.MEMBER, **{"continue": target})
    assert answer.headers["Location"] == "/jira/your-work"


def test_sign_in_finds_people_by_name_and_group_and_refuses_strangers(browser: Browser) -> None:
    assert "Jamal Haddad" in browser.get("/login?q=haddad").text
    assert "Ada Lindqvist" in browser.get("/login?q=org-admins").text
    for account in ("712020:nobody", credentials.APP_ACCOUNT, account_id(293)):
        assert browser.post("/login", accountId=account).status_code == 403


def test_a_forged_session_is_nobody(browser: Browser) -> None:
    browser.session.cookies.set("cloud.session.token", f"0000.{credentials.ADMIN}")
    assert browser.get("/gateway/api/me").status_code == 401


def _meta(page: str, name: str) -> str:
    found = re.search(rf'<meta name="{name}"\s+content="([^"]*)">', page)
    assert found, f"no meta tag {name}"
    return found[1]


def test_pages_carry_the_account_and_the_cloud_id(browser: Browser) -> None:
    assert _meta(browser.get("/login").text, "ajs-atlassian-account-id") == ""
    browser.sign_in(credentials.MEMBER)
    page = browser.get("/browse/DEMO-1").text
    assert _meta(page, "ajs-atlassian-account-id") == credentials.MEMBER
    assert _meta(page, "ajs-cloud-id") == credentials.CLOUD_ID
    assert "<textarea" in page
    assert browser.session.cookies["__aid_user_id"] == credentials.MEMBER


def test_the_account_is_told_without_access_to_any_product(browser: Browser) -> None:
    browser.sign_in(NOBODY_SPECIAL)
    assert browser.get("/gateway/api/me").json()["account_id"] == NOBODY_SPECIAL
    assert browser.get("/rest/api/3/myself").status_code == 401


def test_the_no_access_page_answers_under_atlassians_host_name(browser: Browser) -> None:
    wanted = quote(browser.url + BOARD, safe="")
    answer = browser.get(f"/join/user-access?resource=x&continue={wanted}", host="id.atlassian.com")
    assert answer.status_code == 200
    assert "You don&#39;t have access" in answer.text or "You don't have access" in answer.text


def test_under_the_sites_real_name_no_access_leads_to_atlassians_host(browser: Browser) -> None:
    browser.sign_in(NOBODY_SPECIAL)
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.session.cookies)
    headers = {"Host": "acme.atlassian.net", "Cookie": cookie}
    answer = browser.session.get(
        browser.url + BOARD, headers=headers, allow_redirects=False, timeout=5
    )
    assert answer.headers["Location"].startswith(
        "http://id.atlassian.com/join/user-access?resource="
    )
    assert quote("http://acme.atlassian.net" + BOARD, safe="") in answer.headers["Location"]


def test_the_demo_hint_leads_to_the_queue_only_for_pages_that_need_the_licence(
    browser: Browser,
) -> None:
    browser.sign_in(MANAGED)
    page = browser.get(browser.get(BOARD).headers["Location"]).text
    wanted = quote(browser.url + BOARD, safe="")
    assert f"http://127.0.0.1:8000/queue/?pool=jira&amp;return_url={wanted}" in page
    assert "Demo hint, not part of Jira" in page
    assert "Demo hint" not in browser.get(browser.get("/browse/SUP-1").headers["Location"]).text


def test_access_can_be_asked_for_and_is_recorded(
    browser: Browser, simulator: SimulatorProcess
) -> None:
    browser.sign_in(MANAGED)
    assert "Your request was sent" in browser.post("/join/user-access?resource=x&continue=/").text
    assert simulator.state()["access_requests"] == [MANAGED]


@pytest.mark.parametrize(
    "path", ["/jira/settings/system", "/secure/admin/x", "/plugins/servlet/webhooks", "/o/x"]
)
def test_administration_is_for_administrators(browser: Browser, path: str) -> None:
    browser.sign_in(credentials.ADMIN)
    assert "jira-software-default" in browser.get(path).text
    browser.sign_in(credentials.MEMBER)
    assert browser.get(path).status_code == 403


def test_the_front_door_leads_to_your_work(browser: Browser) -> None:
    assert browser.get("/").headers["Location"] == "/jira/your-work"
