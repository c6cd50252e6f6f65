"""The connection test and the sum of licences: every sentence, against the simulated Jira."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from ium.directory.models import Product, Site
from jira_sync.doctor.services import licence_sum
from jira_sync.services.connection_test import ConnectionReport, connection_test
from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import account_id
from slots.models import Slot
from tests.conftest import Now
from tests.factories import AT, PoolFactory, holder
from tests.jira_sync.doctor.world import SECRETS, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("utc_now")]
# code of a line -> whether it is good, and how it begins
Said = dict[str, tuple[bool | None, str]]
TOKEN_ONLY = {"org_key": "", "api_token": credentials.ADMIN_TOKEN}


def lines(report: ConnectionReport, credential: str) -> Said:
    found = next(one for one in report.credentials if one.code == credential)
    return {line.code: (line.ok, line.message) for line in found.lines}


MAY: Said = {
    "read_groups": (True, "May read groups."),
    "read_members": (True, "May read who is in a group."),
    "change_members": (True, "May change who is in a group."),
    "see_administrators": (True, "May see administrators (3, whom IUM never touches)."),
}
NO_COUNTING = "Cannot count licences: organisation keys never can. Add an API token if you want it."
NOT_ALLOWED = "The key is valid but not allowed to do this."
COUNTS = "(Jira 10/40, Jira Service Management 8/20, Jira Product Discovery 0/10)"

# site fields, credential, what must be said about it
CASES: list[tuple[dict[str, Any], str, Said]] = [
    ({}, "org_key", {**MAY, "count_licences": (None, NO_COUNTING)}),
    ({}, "org_key", {"accepted": (True, "Accepted. Organisation "), "expiry": (True, "Ends on")}),
    ({"org_id": "", "directory_id": ""}, "org_key", MAY),
    (
        {"second_org_key": credentials.SECOND_ORG_KEY},
        "second_org_key",
        {**MAY, "expiry": (None, "Its end is watched when you make it the first key.")},
    ),
    (
        {"org_key": credentials.SCOPED_ORG_KEY},
        "org_key",
        {**MAY, "change_members": (False, f"May not change who is in a group: {NOT_ALLOWED}")},
    ),
    (
        {"org_key": credentials.EXPIRED_ORG_KEY},
        "org_key",
        {"accepted": (False, "Jira does not accept the key.")},
    ),
    (
        {"org_key": credentials.FOREIGN_ORG_KEY},
        "org_key",
        {"accepted": (False, NOT_ALLOWED)},
    ),
    (
        {"org_key": "pasted\nbadly"},
        "org_key",
        {"accepted": (False, "The key is empty or has characters that no Atlassian key has.")},
    ),
    (
        {},
        "api_token",
        {
            **MAY,
            "accepted": (True, "Accepted. IUM works as Ada Lindqvist."),
            "count_licences": (True, f"May count licences {COUNTS}."),
        },
    ),
    ({**TOKEN_ONLY, "api_token_expires_on": None}, "api_token", {"expiry": (False, "Its end is")}),
    (
        {**TOKEN_ONLY, "api_token": credentials.SCOPED_TOKEN, "api_token_scoped": True},
        "api_token",
        MAY,
    ),
    (
        {**TOKEN_ONLY, "api_token": credentials.READ_ONLY_TOKEN, "api_token_scoped": True},
        "api_token",
        {**MAY, "change_members": (False, f"May not change who is in a group: {NOT_ALLOWED}")},
    ),
    (
        {"api_email": credentials.MEMBER_EMAIL, "api_token": credentials.MEMBER_TOKEN},
        "api_token",
        {
            "read_groups": (True, "May read groups."),
            "change_members": (False, "May not change who is in a group:"),
            "count_licences": (False, "May not count licences:"),
        },
    ),
    (
        {"api_token": credentials.EXPIRED_TOKEN},
        "api_token",
        {"accepted": (False, "Jira does not accept the key.")},
    ),
]


@pytest.mark.parametrize(("fields", "credential", "expected"), CASES)
def test_what_a_credential_may_do_is_said(
    world: World,
    fields: dict[str, Any],
    credential: str,
    expected: Said,
) -> None:
    world.set(**fields)
    found = lines(connection_test(site=world.site), credential)
    for code, (ok, words) in expected.items():
        assert found[code][0] is ok, found[code]
        assert found[code][1].startswith(words)


@pytest.mark.parametrize(
    ("fields", "works"),
    [
        ({}, True),
        (TOKEN_ONLY, True),
        ({"org_key": credentials.SCOPED_ORG_KEY, "api_token": ""}, False),
        ({"org_key": credentials.REVOKED_ORG_KEY, "api_token": ""}, False),
        ({"org_key": "", "api_token": ""}, False),
    ],
)
def test_the_report_says_whether_ium_can_work(
    world: World, fields: dict[str, Any], works: bool
) -> None:
    world.set(**fields)
    assert connection_test(site=world.site).ok is works


def test_the_whole_says_what_is_missing_and_the_clock(world: World) -> None:
    both = connection_test(site=world.site)
    assert [(line.code, line.ok) for line in both.lines] == [("clock", True)]
    world.set(api_token="")
    assert [line.code for line in connection_test(site=world.site).lines] == [
        "clock",
        "no_api_token",
    ]
    world.set(**TOKEN_ONLY)
    codes = [line.code for line in connection_test(site=world.site).lines]
    assert codes == ["clock", "no_organisation_key"]
    world.set(api_token="")
    [line] = connection_test(site=world.site).lines
    assert (line.code, line.ok) == ("no_credentials", False)


def test_a_member_without_a_pool_is_not_believed_to_change_groups(world: World) -> None:
    """Without a real group Jira REST says "no such group" before it looks at the rights."""
    site = Site(
        name="New",
        url=world.jira.url,
        api_email=credentials.MEMBER_EMAIL,
        api_token=credentials.MEMBER_TOKEN,
    )
    report = connection_test(site=site)
    ok, message = lines(report, "api_token")["change_members"]
    assert (ok, report.ok) == (False, False)
    assert message == (
        "Cannot change who is in a group: Missing: ADMINISTER. Use the token of an administrator."
    )


def test_a_form_can_ask_before_it_saves(world: World) -> None:
    site = Site(name="New", url=world.jira.url, api_url=world.jira.url, org_key=credentials.ORG_KEY)
    assert connection_test(site=site).ok


def test_nothing_is_changed_and_no_secret_is_shown(world: World) -> None:
    world.set(second_org_key=credentials.SCOPED_ORG_KEY)
    before = world.jira.state()["groups"]
    report = connection_test(site=world.site)
    assert world.jira.state()["groups"] == before
    assert not any(secret in repr(report) + str(asdict(report)) for secret in SECRETS)


def test_a_jira_that_is_away_is_an_answer_too(world: World) -> None:
    with world.away():
        report = connection_test(site=world.site)
    assert not report.ok
    assert lines(report, "org_key")["accepted"][1].startswith("IUM cannot reach Jira")


# --- the sum of licences --------------------------------------------------------------------------

FIXED = "40 seats − 10 people with a fixed licence"  # noqa: RUF001


def test_the_sum_is_written_out(world: World) -> None:
    world.set_pool(buffer_licences=2)
    total = licence_sum(pool=world.pool)
    assert total.sentence == f"{FIXED} − 2 kept back = 28 possible; 15 assigned"  # noqa: RUF001
    assert (total.seats, total.fixed, total.kept_back, total.possible) == (40, 10, 2, 28)
    assert total.fits


def test_a_form_can_ask_with_its_own_values(world: World) -> None:
    world.pool.assigned_licences = 31
    total = licence_sum(pool=world.pool)
    assert (total.assigned, total.fits) == (31, False)
    world.pool.assigned_licences = 30
    assert licence_sum(pool=world.pool).fits


def test_slots_in_use_are_not_fixed_licences(world: World) -> None:
    user = holder(world.pool)
    user.account_id = account_id(20)
    user.save()
    people = [account_id(20), account_id(21)]  # the second one is a stranger: fixed
    world.jira.order("members", name="ium-access", add=people)
    total = licence_sum(pool=world.pool)
    assert (total.fixed, total.possible) == (11, 29)
    assert Slot.objects.used().count() == 1


def test_other_pools_of_the_product_count(world: World) -> None:
    PoolFactory.create(
        site=world.site,
        assigned_licences=7,
        access_group=world.group("other-access", grants=["jira-software"]),
        user_group=world.group("other-users", grants=[]),
    )
    PoolFactory.create(  # another product
        site=world.site,
        product=Product.SERVICE_MANAGEMENT,
        assigned_licences=9,
        access_group=world.group("agents", grants=["jira-servicedesk"]),
        user_group=world.group("agent-users", grants=[]),
    )
    total = licence_sum(pool=world.pool)
    assert (total.others, total.possible) == (7, 23)
    assert "− 7 assigned to other pools = 23 possible" in total.sentence  # noqa: RUF001


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"api_token": ""}, "An organisation key cannot count licences; add an API token."),
        ({"api_token": credentials.EXPIRED_TOKEN}, "Jira does not accept the key."),
        (
            {"api_email": credentials.MEMBER_EMAIL, "api_token": credentials.MEMBER_TOKEN},
            NOT_ALLOWED,
        ),
    ],
)
def test_what_cannot_be_counted_is_said(world: World, fields: dict[str, Any], words: str) -> None:
    world.set(**fields)
    total = licence_sum(pool=world.pool)
    assert (total.possible, total.fits) == (None, True)
    assert f"The licences of Jira cannot be counted: {words}" in total.sentence


def test_confluence_cannot_be_counted(world: World) -> None:
    world.pool.product = Product.CONFLUENCE
    total = licence_sum(pool=world.pool)
    assert total.possible is None
    assert "Atlassian does not tell IUM the licences of this product." in total.sentence


def test_an_absent_jira_is_said(world: World) -> None:
    with world.away():
        total = licence_sum(pool=world.pool)
    assert total.possible is None
    assert "cannot reach Jira" in total.sentence


def test_expiry_dates_are_in_the_report(world: World, utc_now: Now) -> None:
    world.set(api_token_expires_on=AT.date() - timedelta(days=1))
    report = connection_test(site=world.site)
    assert report.credentials[0].expires_on == (AT + timedelta(days=300)).date()
    ok, message = lines(report, "api_token")["expiry"]
    assert (ok, message[:20]) == (False, "Ended on 2026-03-01.")
