"""Which extension a device is, told by a header that is believed only in its exact form."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from ium.directory.extension import ExtensionSeen, extension_of, version_numbers
from ium.directory.known import known_devices
from ium.directory.models import Device, Project
from ium.directory.services import projects_replace
from slots.models import LicencePool
from tests.api.ticking import ticking
from tests.conftest import Now
from tests.factories import PoolFactory, SiteFactory, member, minutes, token_for

LATIN = st.text(alphabet=st.characters(max_codepoint=255), max_size=40)


@pytest.mark.parametrize("header", ["1.0.0 chrome", "0.9 edge", "10.20.30.40 firefox", "3 other"])
def test_the_exact_form_is_believed(header: str) -> None:
    version, _, browser = header.partition(" ")
    assert extension_of(header) == ExtensionSeen(version, browser)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "1.0.0",
        "chrome 1.0.0",
        "1.0.0 Chrome",
        "1.0.0 safari",
        "1.0.0  chrome",
        "1.0.0 chrome ",
        "1.0.0 chrome\n",
        "01.0 chrome",
        "1.0.0.0.0 chrome",
        "1.0.123456 chrome",
        "1.0.x chrome",
        "१.0 chrome",
        "-1 chrome",
    ],
)
def test_anything_else_is_as_good_as_no_header(header: str | None) -> None:
    assert extension_of(header) is None


@given(LATIN | st.from_regex(r"[0-9.]{1,12} (chrome|edge)"))
def test_whatever_is_believed_fits_its_columns(header: str) -> None:
    found = extension_of(header)
    if found is not None:
        assert len(found.version) <= 24
        assert f"{found.version} {found.browser}" == header
        assert len(version_numbers(found.version)) == 4


def test_versions_compare_as_numbers() -> None:
    assert version_numbers("1.10") > version_numbers("1.9.9")
    assert version_numbers("1.0") == version_numbers("1")
    assert version_numbers("") < version_numbers("0.0.1")


@pytest.fixture
def pool(intake: None) -> LicencePool:
    """A pool."""
    made: LicencePool = PoolFactory.create(key="jira")
    return made


def call(token: str, header: str | None) -> Device:
    """Call as the extension does; return the device afterwards."""
    client = APIClient()
    headers = {"authorization": f"Bearer {token}"}
    if header is not None:
        headers["x-ium-extension"] = header
    assert client.get("/api/v1/slot", headers=headers).status_code == 200
    return Device.objects.get()


def seen(device: Device) -> tuple[str, str, datetime | None]:
    """Return what is known of the device's extension."""
    return device.extension_version, device.extension_browser, device.extension_seen_at


def test_a_call_tells_version_and_browser(pool: LicencePool, utc_now: Now, at: datetime) -> None:
    token = token_for(member(pool))
    assert seen(call(token, None)) == ("", "", None)
    assert seen(call(token, "1.0.0 edge")) == ("1.0.0", "edge", at)


def test_it_is_written_every_few_minutes_only_and_at_once_after_an_update(
    pool: LicencePool, utc_now: Now, at: datetime
) -> None:
    token = token_for(member(pool))
    call(token, "1.0.0 edge")
    utc_now.at = at + minutes(4)
    assert seen(call(token, "1.0.0 edge")) == ("1.0.0", "edge", at)
    assert seen(call(token, "1.0.1 edge")) == ("1.0.1", "edge", utc_now.at)
    utc_now.at = at + minutes(10)
    assert seen(call(token, "1.0.1 edge")) == ("1.0.1", "edge", utc_now.at)
    utc_now.at = at + minutes(20)
    wrong = call(token, "2.0.0 netscape")
    assert seen(wrong) == ("1.0.1", "edge", at + minutes(10))
    assert wrong.last_used_at == utc_now.at


@pytest.mark.parametrize(
    ("header", "seen_later"), [("1.0.0 edge", True), ("edge", False), (None, False)]
)
def test_a_process_that_remembers_devices_believes_the_same_headers(
    pool: LicencePool, at: datetime, header: str | None, seen_later: bool
) -> None:
    token = token_for(
        member(pool), extension_version="1.0.0", extension_browser="edge", extension_seen_at=at
    )
    later = at + minutes(10)
    with ticking() as hand:
        assert known_devices.find(token, header, later) is not None
        hand.second()
    device = Device.objects.get()
    assert device.last_used_at == later
    assert device.extension_seen_at == (later if seen_later else at)


@pytest.mark.django_db
def test_projects_are_mirrored_with_as_few_changes_as_possible() -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    assert projects_replace(site=site, types={"A": "software", "B": "service_desk"}) == 2
    projects_replace(site=other, types={"A": "business"})
    kept = Project.objects.get(site=site, key="A").pk
    assert projects_replace(site=site, types={"A": "software", "C": "business"}) == 2
    assert dict(site.projects.values_list("key", "type_key")) == {"A": "software", "C": "business"}
    assert Project.objects.get(site=site, key="A").pk == kept
    assert projects_replace(site=site, types={"A": "service_desk", "C": "business"}) == 1
    assert other.projects.count() == 1
