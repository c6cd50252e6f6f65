"""Every finding of a site and its pools: one thing is broken in the simulated Jira or in the settings, and found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from ium.directory.models import Product
from jira_sync.doctor.probing import NO_GROUP
from jira_sync.models import BreakGlass, GlassState, Severity
from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import account_id
from slots.models import LicencePool
from tests.factories import AT, GroupFactory, PoolFactory, SiteFactory, UserFactory, holder
from tests.jira_sync.doctor.world import SECRETS, World

pytestmark = pytest.mark.django_db
ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


def days(number: int) -> object:
    return AT.date() + timedelta(days=number)


def with_access_group(world: World, **made: object) -> None:
    world.set_pool(access_group=world.group("shared", **made))


def other_pool(world: World, **fields: object) -> LicencePool:
    made: LicencePool = PoolFactory.create(
        site=world.site,
        key="other",
        name="Other pool",
        **{
            "access_group": world.group("other-access", grants=["jira-software"]),
            "user_group": world.group("other-users", grants=[]),
            **fields,
        },
    )
    return made


def no_keys(world: World) -> None:
    world.set(org_key="", api_token="")


def refused_beside_a_good_one(world: World) -> None:
    world.set(org_key=credentials.REVOKED_ORG_KEY, second_org_key=credentials.SECOND_ORG_KEY)


def read_only_token(world: World) -> None:
    world.set(org_key="", api_token=credentials.READ_ONLY_TOKEN, api_token_scoped=True)


def plain_http(world: World) -> None:
    world.set(url="http://jira.example.com")


def with_provider(world: World) -> None:
    world.set_pool(user_group=world.group("idp-staff"))


def provider_without_sources(world: World) -> None:
    with_provider(world)
    world.sources()


def stranger(world: World) -> None:
    world.jira.order("members", name="ium-access", add=[account_id(20), account_id(21)])


def own_licence(world: World) -> None:
    world.ium_user(20, "Ann")
    world.ium_user(21, "Ben")
    world.jira.order("members", name="jira-fixed", add=[account_id(20)])


def own_licence_suspended(world: World) -> None:
    own_licence(world)
    world.jira.order("user", accountId=account_id(20), suspended=True)


def confluence(world: World, **fields: object) -> None:
    grants = [{"product": "confluence", "role": "atlassian/guest"}]
    world.set_pool(
        product=Product.CONFLUENCE,
        access_group=world.group("wiki-access", grants=["confluence"]),
        user_group=world.group("wiki-users", grants=grants),
    )


def access_group_is_user_group_elsewhere(world: World) -> None:
    other_pool(world, user_group=world.pool.access_group)


def shared_user_group(world: World) -> None:
    other_pool(world, user_group=world.pool.user_group)


def too_many_with_another_pool(world: World) -> None:
    other_pool(world, assigned_licences=16)


# code, how it is broken, severity, words that must be in it
CASES: list[tuple[str, Callable[[World], object], Severity, str]] = [
    ("no_credentials", no_keys, ERROR, "neither an organisation key nor an API token"),
    (
        "key_refused",
        lambda w: w.set(org_key=credentials.REVOKED_ORG_KEY),
        ERROR,
        "refuses the organisation key of Acme",
    ),
    ("key_refused", refused_beside_a_good_one, WARNING, "refuses the organisation key"),
    (
        "key_refused",
        lambda w: w.set(api_token=credentials.EXPIRED_TOKEN),
        WARNING,
        "refuses the API token",
    ),
    (
        "key_refused",
        lambda w: w.set(org_key="", api_token=credentials.EXPIRED_TOKEN),
        ERROR,
        "refuses the API token",
    ),
    (
        "connection_wrong",
        lambda w: w.set(org_key=credentials.FOREIGN_ORG_KEY),
        ERROR,
        "cannot read the groups",
    ),
    ("connection_wrong", lambda w: w.set(org_id=NO_GROUP), ERROR, "cannot read the groups"),
    ("connection_wrong", lambda w: w.set(org_key="a\nb"), ERROR, "cannot read the groups"),
    (
        "key_expiring",
        lambda w: w.set(org_key_expires_on=days(30)),
        WARNING,
        "ends in 30 days, on 2026-04-01",
    ),
    ("key_expiring", lambda w: w.set(api_token_expires_on=days(1)), WARNING, "ends in 1 day, on"),
    ("key_expired", lambda w: w.set(api_token_expires_on=days(-1)), ERROR, "ended on 2026-03-01"),
    (
        "key_expiry_unknown",
        lambda w: w.set(org_key_expires_on=None),
        NOTICE,
        "not known when the organisation key",
    ),
    (
        "org_key_scoped",
        lambda w: w.set(org_key=credentials.SCOPED_ORG_KEY),
        ERROR,
        "may not change members",
    ),
    ("org_key_scoped", read_only_token, ERROR, "The API token of Acme may not change members"),
    ("site_without_tls", plain_http, ERROR, "http://jira.example.com of Acme does not use https"),
    ("no_alert_email", lambda w: w.set(alert_emails=" \n"), NOTICE, "No e-mail address"),
    (
        "group_missing",
        lambda w: w.delete_group(w.pool.access_group),
        ERROR,
        "access group “ium-access” of Jira pool no longer exists",
    ),
    (
        "group_missing",
        lambda w: w.delete_group(w.group("engineering")),
        WARNING,
        "source group “engineering”",
    ),
    (
        "group_renamed",
        lambda w: w.site.groups.filter(name="ium-users").update(name="old"),
        NOTICE,
        "“old” of Jira pool is now called “ium-users”",
    ),
    (
        "access_group_no_product",
        lambda w: with_access_group(w, grants=["confluence"]),
        ERROR,
        "gives no access to Jira",
    ),
    (
        "access_group_other_products",
        lambda w: with_access_group(w, grants=["jira-software", "confluence"]),
        WARNING,
        "also gives: Confluence",
    ),
    (
        "access_group_admin",
        lambda w: w.set_pool(access_group=w.group("site-admins")),
        ERROR,
        "administrators' group",
    ),
    (
        "access_group_admin",
        lambda w: with_access_group(
            w, grants=[{"product": "jira-software", "role": "atlassian/admin"}]
        ),
        ERROR,
        "administrators' group",
    ),
    (
        "access_group_default",
        lambda w: w.set_pool(access_group=w.group("jira-software-default")),
        ERROR,
        "default group of Jira",
    ),
    (
        "group_read_only",
        lambda w: with_access_group(w, grants=["jira-software"], external=True),
        ERROR,
        "access group “shared” of Jira pool is managed by an identity provider",
    ),
    ("group_read_only", with_provider, ERROR, "user group “idp-staff”"),
    ("group_read_only", provider_without_sources, NOTICE, "user group “idp-staff”"),
    (
        "user_group_gives_product",
        lambda w: w.set_pool(user_group=w.group("jira-fixed")),
        ERROR,
        "user group “jira-fixed” of Jira pool gives access to Jira",
    ),
    (
        "source_group_gives_product",
        lambda w: w.sources(w.group("jira-fixed")),
        WARNING,
        "source group “jira-fixed” of Jira pool still gives access to Jira",
    ),
    ("confluence_guest", confluence, NOTICE, "makes people guests of Confluence"),
    (
        "licences_over_possible",
        lambda w: w.set_pool(assigned_licences=31),
        ERROR,
        "40 seats − 10 people with a fixed licence = 30 possible; 31 assigned",  # noqa: RUF001
    ),
    (
        "licences_over_possible",
        too_many_with_another_pool,
        ERROR,
        "− 16 assigned to other pools = 14 possible; 15 assigned",  # noqa: RUF001
    ),
    ("strangers_in_access_group", stranger, WARNING, "2 members of the access group of Jira pool"),
    (
        "users_with_own_licence",
        own_licence,
        WARNING,
        "1 IUM user of Jira pool has a licence through the group “jira-fixed” too: Ann.",
    ),
    ("pools_share_group", access_group_is_user_group_elsewhere, ERROR, "and user group of Other"),
    ("pools_share_group", shared_user_group, WARNING, "“ium-users” is user group of Jira pool"),
    (
        "group_of_other_site",
        lambda w: w.set_pool(user_group=GroupFactory.create(name="far", site=SiteFactory.create())),
        ERROR,
        "The group “far” of Jira pool belongs to another site.",
    ),
    ("pool_off", lambda w: w.set_pool(enabled=False), NOTICE, "switched off"),
    ("dry_run_on", lambda w: w.set_pool(dry_run=True), NOTICE, "dry run"),
    ("test_inactivity", lambda w: w.set_pool(inactivity_minutes=30), NOTICE, "is 30 minutes"),
]


@pytest.mark.parametrize(
    ("code", "broken", "severity", "words"), CASES, ids=[f"{c[0]}-{c[3][:30]}" for c in CASES]
)
def test_what_is_wrong_is_found(
    world: World, code: str, broken: Callable[[World], object], severity: Severity, words: str
) -> None:
    broken(world)
    finding, *_others = world.found(code)
    assert finding.severity == severity
    assert words in finding.what
    assert finding.why
    assert finding.fix
    assert finding.site == world.site
    text = f"{finding.what} {finding.why} {finding.fix} {finding.subject}"
    assert not any(secret in text for secret in SECRETS)


def of_the_site(world: World, *, thorough: bool = True) -> list[str]:
    return [one.code for one in world.check(thorough=thorough) if one.site_id]


def test_nothing_is_found_where_nothing_is_wrong(world: World) -> None:
    assert of_the_site(world) == []


@pytest.mark.parametrize("scoped", [False, True])
def test_nothing_is_found_with_an_api_token_only(world: World, scoped: bool) -> None:
    token = credentials.SCOPED_TOKEN if scoped else credentials.ADMIN_TOKEN
    world.set(org_key="", api_token=token, api_token_scoped=scoped)
    assert of_the_site(world) == []


def test_without_a_token_licences_are_not_judged(world: World) -> None:
    world.set(api_token="")
    world.set_pool(assigned_licences=1000)
    assert of_the_site(world) == []


def test_a_clock_that_is_wrong_is_found(world: World) -> None:
    assert world.found("clock_difference") == []
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=125), tick=True):
        [finding] = world.found("clock_difference")
    assert "seconds ahead of Atlassian's" in finding.what


def test_a_suspended_person_has_no_licence_of_their_own(world: World) -> None:
    own_licence_suspended(world)
    assert world.found("users_with_own_licence") == []


def test_break_glass_is_no_licence_of_ones_own(world: World) -> None:
    own_licence(world)
    group = world.group("jira-fixed")
    glass = BreakGlass.objects.create(
        pool=world.pool, group=group, started_by=UserFactory.create(), started_at=AT
    )
    assert world.found("users_with_own_licence") == []
    BreakGlass.objects.filter(pk=glass.pk).update(state=GlassState.ENDED)
    assert world.found("users_with_own_licence")


def test_a_holder_is_no_stranger(world: World) -> None:
    user = holder(world.pool)
    user.account_id = account_id(20)
    user.save()
    stranger(world)
    [finding] = world.found("strangers_in_access_group")
    assert "1 member of the access group" in finding.what


def test_many_names_are_cut_short(world: World) -> None:
    people = [account_id(number) for number in range(20, 30)]
    world.jira.order("members", name="ium-access", add=people)
    [finding] = world.found("strangers_in_access_group")
    assert "10 members" in finding.what
    assert "and 5 more" in finding.what


def test_keys_that_cannot_be_decrypted_are_found(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE directory_site SET org_key = 'fernet1:no'")
    [finding] = world.found("secrets_unreadable")
    assert (finding.severity, finding.site_id) == (ERROR, world.site.pk)
    assert "cannot be decrypted" in finding.what


def test_the_quick_check_leaves_out_what_costs_many_calls(world: World) -> None:
    own_licence(world)
    world.set(org_key=credentials.SCOPED_ORG_KEY)
    assert of_the_site(world, thorough=False) == []
    assert of_the_site(world) == ["org_key_scoped", "users_with_own_licence"]
    assert of_the_site(world, thorough=False) == ["org_key_scoped", "users_with_own_licence"]
