"""Headers: each kind of answer gets the strictest policy with which it works."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from ium.directory.models import User
from ium.middleware import SecurityHeaders
from ium.security import ADMIN, DOCS, NOTHING
from slots.models import LicencePool
from slots.queue_page.strict import POLICY as PAGE
from tests.api.conftest import with_session, with_token
from tests.security.conftest import administrator

pytestmark = pytest.mark.django_db
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGES = [
    ("/queue/", PAGE),
    ("/sign-in/", PAGE),
    ("/nowhere/", PAGE),
    ("/admin/", ADMIN),
    ("/admin/login/", ADMIN),
    ("/admin/nowhere/", ADMIN),
    ("/api/v1/slot", NOTHING),
    ("/api/v1/nowhere", NOTHING),
    ("/api/schema/", NOTHING),
    ("/api/docs/", DOCS),
    ("/livez", NOTHING),
    ("/readyz", NOTHING),
    ("/metrics", NOTHING),
]


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize(("path", "policy"), PAGES)
def test_every_answer_has_its_policy_and_all_other_headers(
    pool: LicencePool, path: str, policy: str, signed_in: bool
) -> None:
    client = Client()
    if signed_in:
        client.force_login(administrator())
    answer = client.get(path)
    allowed = {policy, PAGE} if answer.status_code == 302 else {policy}
    assert answer["Content-Security-Policy"] in allowed
    assert "camera=()" in answer["Permissions-Policy"]
    assert {name: answer[name] for name in EVERYWHERE} == EVERYWHERE


def test_a_fault_of_the_server_has_the_headers_too(
    pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("ium.health.livez", broken)
    monkeypatch.setattr("slots.queue_page.views.asked_for", broken)
    client = Client(raise_request_exception=False)
    client.force_login(administrator())
    answer = client.get("/queue/")
    assert answer.status_code == 500
    assert answer["Content-Security-Policy"] == PAGE
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("policy", [PAGE, ADMIN, DOCS, NOTHING])
def test_no_policy_lets_a_script_of_somebody_else_run_or_the_page_be_framed(policy: str) -> None:
    directives = {
        name: rest for name, _, rest in (part.partition(" ") for part in policy.split("; "))
    }
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    scripts = directives.get("script-src", "'none'")
    assert "'unsafe-inline'" not in scripts
    assert not {"*", "https:", "http:", "data:", "blob:"} & set(scripts.split())


def test_only_the_admin_may_make_functions_from_text() -> None:
    assert [policy for policy in (PAGE, ADMIN, DOCS, NOTHING) if "unsafe-eval" in policy] == [ADMIN]


@pytest.mark.parametrize("path", ["/queue/", "/api/v1/slot", "/admin/"])
def test_what_is_somebodys_own_is_kept_by_no_cache(pool: LicencePool, path: str) -> None:
    for client in (with_session(administrator()), Client()):
        assert "no-store" in client.get(path)["Cache-Control"], client


def test_what_a_token_gets_is_kept_by_no_cache(pool: LicencePool, ben: User) -> None:
    client = with_token(ben)
    for path in ("/api/v1/slot", "/api/v1/nowhere"):
        assert client.get(path)["Cache-Control"] == "no-store"


def test_what_clients_need_is_kept_by_their_own_cache_and_asked_for_anew(
    pool: LicencePool, ben: User
) -> None:
    for client in (with_token(ben), Client()):
        assert client.get("/api/v1/config")["Cache-Control"] == "private, no-cache"


def test_static_files_can_be_kept_but_neither_framed_nor_run(db: None) -> None:
    answer = Client().get("/static/ium/icon.svg")
    assert b"<svg" in b"".join(answer)
    answer.close()
    assert "no-store" not in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == NOTHING


def test_what_a_view_sets_itself_stays() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "sandbox", "Cache-Control": "x"})

    answer = SecurityHeaders(view)(RequestFactory().get("/"))
    assert (answer["Content-Security-Policy"], answer["Cache-Control"]) == ("sandbox", "x")
