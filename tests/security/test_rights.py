"""Who may do what: every address and every action of the admin, for everybody (promise 9).

The tables are `rights_of_addresses.txt` and `rights_of_actions.txt`. What is new and not in them fails here, and so
does what they name and nobody finds. A cell shows what GET and POST lead to: a status, `in` for "sign in first", and
`+` when it changed something. The message of a failure is the line as it was found: look at it, and only then copy it.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import RequestFactory
from django.urls import get_resolver, reverse

from ium.directory.models import User
from slots.models import LicencePool
from tests.factories import member
from tests.security import callers as who
from tests.security.walking import Endpoint, endpoints
from tests.security.world import fill

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent
Table = dict[str, list[str]]


def table(name: str) -> Table:
    """Read a table: a name, and one cell per caller."""
    lines = (HERE / name).read_text().splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {key: cells for key, *cells in rows}


# What unfold's dialogs send along.
DIALOG = {"_form_submitted": "on", "idle_seconds": "0"}
ADDRESSES = table("rights_of_addresses.txt")
ACTIONS = table("rights_of_actions.txt")


@pytest.fixture
def browsers(pool: LicencePool, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A full database, a browser for each caller, and no broker."""
    monkeypatch.setattr("celery.current_app.send_task", lambda *_, **__: None)
    monkeypatch.setattr("ium.health._broker", lambda: "ok")
    fill(pool)
    # Pages that ask Jira get no answer: nothing leaves this machine.
    monkeypatch.setattr("requests.Session.send", unreachable)
    return who.callers(member(pool, display_name="Caro"))


def unreachable(*_: Any, **__: Any) -> None:
    """Fail as without a network."""
    raise requests.ConnectionError("no network")


def found_addresses() -> dict[str, Endpoint]:
    """Return every address of IUM."""
    return {point.path: point for point in endpoints(get_resolver())}


def groups(paths: Any) -> list[str]:
    """Return the parts of IUM by which the table is checked: one test for each model of the admin."""
    return sorted({group_of(path) for path in paths})


def group_of(path: str) -> str:
    """Return the part of IUM an address belongs to."""
    return "/".join(path.split("/")[:4] if path.startswith("/admin/") else path.split("/")[:2])


def filled(point: Endpoint) -> str:
    """Return the address with what a row of the page's model is called in place of the placeholders."""
    row, path = page_row(point), point.path
    if hasattr(row, "history"):
        path = path.replace("<*>/history/<*>", f"{row.pk}/history/{row.history.first().pk}")
    path = path.replace("charts/<name>", "charts/slots")
    path = path.replace("<app_label>", "slots").replace("<url>", "nothing")
    path = path.replace("<pool_id>", str(LicencePool.objects.get().pk))
    return re.sub("<[^>]*>", str(row.pk if row else 1), path)


def page_row(point: Endpoint) -> Any:
    """Return a row of the model that a page of the admin is about."""
    page = who.registered().get(".".join(point.path.split("/")[2:4]))
    return who.row_of(page.model) if page else None


def test_the_table_names_every_address_and_no_other() -> None:
    assert sorted(ADDRESSES) == sorted(found_addresses()), (
        "decide who may use it, then name it in the table"
    )


@pytest.mark.parametrize("group", groups(found_addresses()))
def test_everybody_may_do_what_the_table_says(browsers: dict[str, Any], group: str) -> None:
    wrong = []
    for path, point in found_addresses().items():
        if group_of(path) == group:
            cells = [cell(browsers[caller], filled(point)) for caller in who.CALLERS]
            if cells != ADDRESSES.get(path):
                wrong.append(line(path, cells))
            assert not [each for each in cells if "5" in {part[0] for part in each.split("/")}], (
                cells
            )
    assert not wrong, "found, but not what the table says:\n" + "\n".join(wrong)


def cell(browser: Any, path: str) -> str:
    """Return what the two methods lead to."""
    form = {"post": "yes", "action": "reconnect", "language": "de", **DIALOG}
    return f"{who.outcome(browser, 'get', path, {})}/{who.outcome(browser, 'post', path, form)}"


def line(name: str, cells: list[str]) -> str:
    """Return a line of the table."""
    return f"{name:<62} " + " ".join(f"{each:<11}" for each in cells).rstrip()


def found_actions(user: User) -> dict[str, tuple[Any, str]]:
    """Return every action of every list of the admin."""
    request = RequestFactory().get("/")
    request.user = user
    return {
        f"{label}.{name}": (page, name)
        for label, page in who.registered().items()
        for name in {**page.get_actions(request), **dict.fromkeys(_named(page))}
    }


def _named(page: Any) -> list[str]:
    return [getattr(each, "__name__", str(each)) for each in page.actions or ()]


def test_the_table_names_every_action_and_no_other(db: None) -> None:
    found = found_actions(User(is_superuser=True, is_staff=True, is_active=True))
    assert sorted(ACTIONS) == sorted(found), "decide who may do it, then name it in the table"


def test_only_who_may_can_act(browsers: dict[str, Any]) -> None:
    wrong = []
    for key, (page, name) in found_actions(User.objects.get(is_superuser=True)).items():
        path = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
        form = {
            "action": name,
            "index": 0,
            ACTION_CHECKBOX_NAME: who.row_of(page.model).pk,
            "post": "yes",
        }
        cells = [who.outcome(browsers[caller], "post", path, form) for caller in who.CALLERS]
        if cells != ACTIONS.get(key):
            wrong.append(line(key, cells))
    assert not wrong, "found, but not what the table says:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", ["rights_of_addresses.txt", "rights_of_actions.txt"])
def test_the_tables_hold_no_fault_of_the_server_and_no_hole(name: str) -> None:
    for key, cells in table(name).items():
        assert len(cells) == len(who.CALLERS), key
        assert not re.search(r"\b5\d\d", " ".join(cells)), key


@pytest.mark.parametrize("name", ["rights_of_addresses.txt", "rights_of_actions.txt"])
def test_nobody_but_staff_changes_anything_in_the_admin(name: str) -> None:
    for key, cells in table(name).items():
        if key.startswith("/admin/") or name == "rights_of_actions.txt":
            assert "+" not in "".join(cells[:3]), key


@pytest.mark.parametrize(
    "path", ["/admin/search/?s={}", "/admin/search/?s={}&extended=1", "/admin/?s={}"]
)
def test_searching_shows_only_what_one_may_see(browsers: dict[str, Any], path: str) -> None:
    name = "Person-nobody-knows"
    member(LicencePool.objects.get(), display_name=name, email="hidden@example.com")
    for caller in ("anonymous", "user", "staff"):
        assert b"hidden@example.com" not in browsers[caller].get(path.format("hidden")).content
        assert name.encode() not in browsers[caller].get(path.format("nobody-knows")).content


@pytest.mark.parametrize(
    ("model", "field"), [("licencepool", "access_group"), ("licencepool", "user_group")]
)
def test_the_choices_of_a_form_need_the_right_to_see_them(
    browsers: dict[str, Any], model: str, field: str
) -> None:
    query = {"app_label": "slots", "model_name": model, "field_name": field}
    answers = {name: browsers[name].get("/admin/autocomplete/", query) for name in who.CALLERS}
    assert {name: each.status_code for name, each in answers.items()} == {
        "anonymous": 302,
        "user": 302,
        "staff": 403,
        "viewer": 200,
        "admin": 200,
    }


def test_looking_changes_nothing() -> None:
    """A GET can be sent by any page of any site, and by a browser on its own."""
    for path, cells in ADDRESSES.items():
        assert "+" not in "".join(cell.split("/")[0] for cell in cells), path


def test_the_viewer_may_look_at_everything_and_change_only_their_own_slot() -> None:
    assert who.CALLERS[3] == "viewer"
    changes = {key for key, cells in {**ADDRESSES, **ACTIONS}.items() if "+" in cells[3]}
    # Asking for names instead of pseudonyms is a right to view; that they asked is written.
    asking = {key for key in changes if "/show-names" in key or key.endswith("_csv_names")}
    assert changes - asking == {"/queue/", "/api/v1/slot", "/api/v1/activity"}
