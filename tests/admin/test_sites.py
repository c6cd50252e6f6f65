"""Sites: their keys go in, and never come out again."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ium.directory.models import Site
from tests import factories
from tests.factories import AT

pytestmark = pytest.mark.django_db
MARKERS = {
    "org_key": "MARKER-ORGANISATION-KEY",
    "second_org_key": "MARKER-SECOND-KEY",
    "api_token": "MARKER-API-TOKEN",
}


@pytest.fixture
def site(db: None) -> Site:
    """A site with every kind of key."""
    created: Site = factories.SiteFactory.create(api_email="bot@example.com", **MARKERS)
    return created


def page(site: Site, name: str = "change") -> str:
    """Return the address of the site's page."""
    return reverse(f"admin:directory_site_{name}", args=[site.pk])


def form_of(site: Site, **changed: Any) -> dict[str, Any]:
    """Return the form as a browser sends it back: without any key, as none was shown."""
    plain = ("name", "url", "api_url", "org_id", "api_email")
    return {**{name: getattr(site, name) for name in plain}, **changed}


def save(client: Client, site: Site, **changed: Any) -> Any:
    """Save the site's form with some fields changed."""
    return client.post(page(site), form_of(site, **changed))


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors; empty when it was saved."""
    if response.status_code == 302:
        return {}
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def keys_of(site: Site) -> dict[str, str]:
    """Return the stored keys, fresh."""
    site.refresh_from_db()
    return {name: getattr(site, name) for name in MARKERS}


def test_no_page_shows_a_key(boss: Client, site: Site) -> None:
    pool = factories.PoolFactory.create(site=site)
    save(boss, site, name="Renamed", org_key="MARKER-NEWER-KEY")
    addresses = [
        page(site),
        page(site, "history"),
        page(site, "delete"),
        reverse("admin:directory_site_changelist"),
        reverse("admin:slots_licencepool_change", args=[pool.pk]),
        reverse("admin:slots_licencepool_history", args=[pool.pk]),
        reverse("admin:slots_licencepool_changelist"),
        reverse("admin:index"),
    ]
    for address in addresses:
        assert "MARKER" not in boss.get(address, follow=True).content.decode(), address


def test_a_form_with_errors_does_not_send_the_typed_key_back(boss: Client, site: Site) -> None:
    response = save(boss, site, name="", org_key="MARKER-TYPED")
    assert errors(response)
    assert "MARKER" not in response.content.decode()


def test_the_page_says_which_keys_are_set(boss: Client, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(second_org_key="")
    shown = boss.get(page(site)).content.decode()
    assert shown.count("Set. It is never shown again.") == 2
    assert shown.count("Not set.") == 1


def test_an_empty_field_keeps_the_key(boss: Client, site: Site) -> None:
    assert errors(save(boss, site, name="Renamed")) == {}
    assert keys_of(site) == MARKERS


def test_a_new_key_replaces_the_old_one(boss: Client, site: Site) -> None:
    save(boss, site, org_key="new")
    assert keys_of(site) == {**MARKERS, "org_key": "new"}


def test_a_key_is_taken_away_only_with_its_switch(boss: Client, site: Site) -> None:
    assert errors(save(boss, site, clear_second_org_key="on")) == {}
    assert keys_of(site) == {**MARKERS, "second_org_key": ""}


def test_a_new_key_and_taking_it_away_contradict_each_other(boss: Client, site: Site) -> None:
    found = errors(save(boss, site, org_key="new", clear_org_key="on"))
    assert found["org_key"] == ["Either write a new key or take the old one away."]
    assert keys_of(site) == MARKERS


def test_the_last_key_cannot_be_taken_away(boss: Client, site: Site) -> None:
    switches = {f"clear_{name}": "on" for name in MARKERS}
    assert "IUM needs a way into Jira" in errors(save(boss, site, **switches))["__all__"][0]


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"org_id": ""}, "org_id", "An organisation key works only with its organisation id."),
        ({"api_email": ""}, "api_email", "An API token works only with the e-mail of its account."),
        ({"url": "http://acme.atlassian.net"}, "url", "Use https://"),
        ({"api_url": "http://api.atlassian.com"}, "api_url", "Use https://"),
        ({"org_key_expires_on": "2026-03-01"}, "org_key_expires_on", "This day is over."),
        ({"api_token_expires_on": "2026-03-01"}, "api_token_expires_on", "This day is over."),
    ],
)
def test_what_cannot_work_is_refused(
    boss: Client, site: Site, changed: dict[str, str], field: str, message: str
) -> None:
    assert message in errors(save(boss, site, **changed))[field][0]


def test_a_key_that_ended_by_itself_does_not_block_other_changes(boss: Client, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(org_key_expires_on=date(2026, 3, 1))
    assert errors(save(boss, site, name="Renamed", org_key_expires_on="2026-03-01")) == {}


@pytest.mark.parametrize("host", ["127.0.0.1:8090", "localhost", "[::1]:8090"])
def test_the_simulated_jira_on_this_machine_needs_no_https(
    boss: Client, site: Site, host: str
) -> None:
    keys = dict.fromkeys(MARKERS, "written-again")  # a stored key never goes to a new address
    assert errors(save(boss, site, api_url=f"http://{host}", **keys)) == {}


def test_an_organisation_key_or_a_token_alone_suffices(boss: Client) -> None:
    url = reverse("admin:directory_site_add")
    start = {"name": "A", "url": "a.atlassian.net", "api_url": "https://api.atlassian.com"}
    assert errors(boss.post(url, {**start, "org_key": "k", "org_id": "o"})) == {}
    again = {**start, "name": "B", "url": "https://b.atlassian.net/"}
    assert errors(boss.post(url, {**again, "api_token": "t", "api_email": "b@example.com"})) == {}
    assert set(Site.objects.values_list("url", flat=True)) == {
        "https://a.atlassian.net",
        "https://b.atlassian.net",
    }


def test_the_log_does_not_claim_that_a_kept_key_was_changed(boss: Client, site: Site) -> None:
    save(boss, site, name="Renamed")
    shown = boss.get(page(site, "history")).content.decode()
    assert "Changed Name." in shown


def test_the_connection_is_shown(boss: Client, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(
        connection_state="refused", connection_message="the key was revoked"
    )
    shown = boss.get(page(site)).content.decode()
    assert "Jira refuses the key" in shown
    assert "the key was revoked" in shown


def test_the_list_shows_the_first_end_of_a_key(boss: Client, site: Site) -> None:
    ends = AT.date() + timedelta(days=3)
    Site.objects.filter(pk=site.pk).update(
        org_key_expires_on=AT.date() + timedelta(days=9), api_token_expires_on=ends
    )
    shown = boss.get(reverse("admin:directory_site_changelist")).content.decode()
    assert "5 Mar 2026" in shown
