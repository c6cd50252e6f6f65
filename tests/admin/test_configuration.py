"""The configuration screen: what it refuses, what it warns of, and what saving does."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.forms.models import model_to_dict
from django.test import Client
from django.urls import reverse

from ium.directory.models import User
from ium.lib.errors import Busy
from slots.forms import LicencePoolForm
from slots.models import JournalEntry, LicencePool, SlotState
from tests import factories
from tests.admin.conftest import signed_in, staff

pytestmark = pytest.mark.django_db
# What a group gives, as IUM has read it from Jira.
GIVES_ACCESS = [{"product": "jira-software", "roles": ["user"], "takes_licence": True}]


def page(pool: LicencePool, name: str = "change") -> str:
    """Return the address of the pool's page."""
    return reverse(f"admin:slots_licencepool_{name}", args=[pool.pk])


def settings_of(pool: LicencePool, **changed: Any) -> dict[str, Any]:
    """Return the form as a browser sends it back, with some fields changed."""
    rules = {"rules-TOTAL_FORMS": 0, "rules-INITIAL_FORMS": 0}
    data = {**rules, **model_to_dict(pool), **changed}
    return {name: value for name, value in data.items() if value is not None and value is not False}


def save(client: Client, pool: LicencePool, **changed: Any) -> Any:
    """Save the pool's form with some fields changed."""
    return client.post(page(pool), settings_of(pool, **changed))


def errors(response: Any) -> dict[str, list[str]]:
    """Return the form's errors; empty when it was saved."""
    if response.status_code == 302:
        return {}
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def said(response: Any) -> str:
    """Return all messages that the page will show next."""
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_saving_changes_nothing_that_ium_keeps(boss: Client, pool: LicencePool) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(next_seq=77)
    assert errors(save(boss, pool, name="Jira Cloud")) == {}
    pool.refresh_from_db()
    assert (pool.name, pool.next_seq) == ("Jira Cloud", 77)


def test_more_licences_make_more_slots_with_the_administrator_in_the_journal(
    boss: Client, pool: LicencePool, admin_user: User
) -> None:
    save(boss, pool, assigned_licences=5)
    assert pool.slots.count() == 5
    entry = JournalEntry.objects.latest("pk")
    assert (entry.event, entry.actor) == ("limit_changed", admin_user)


def test_a_new_pool_gets_its_slots(boss: Client, pool: LicencePool) -> None:
    access = factories.GroupFactory.create(site=pool.site, grants=GIVES_ACCESS)
    users = factories.GroupFactory.create(site=pool.site, grants=[])
    data = settings_of(
        pool, key="second", name="Second", access_group=access.pk, user_group=users.pk
    )
    assert errors(boss.post(reverse("admin:slots_licencepool_add"), data)) == {}
    assert LicencePool.objects.get(key="second").slots.count() == 2


def test_lowering_the_licences_below_use_drains_and_says_so(
    boss: Client, pool: LicencePool
) -> None:
    factories.holder(pool)
    factories.holder(pool)
    response = save(boss, pool, assigned_licences=1)
    assert "1 slot is still in use; it drains as it becomes free." in said(response)
    assert pool.slots.filter(state=SlotState.ACTIVE).count() == 2


def test_no_licences_at_all_means_that_nobody_gets_a_slot(boss: Client, pool: LicencePool) -> None:
    response = save(boss, pool, assigned_licences=0)
    assert "everybody who asks waits" in said(response)
    assert pool.slots.count() == 0


def test_groups_of_another_site_are_refused(boss: Client, pool: LicencePool) -> None:
    foreign = factories.GroupFactory.create(name="elsewhere")
    for field in ("access_group", "user_group"):
        assert errors(save(boss, pool, **{field: foreign.pk}))[field] == [
            f"“elsewhere” is a group of another site. Choose one of {pool.site}."
        ]


def test_the_two_groups_must_differ(boss: Client, pool: LicencePool) -> None:
    found = errors(save(boss, pool, user_group=pool.access_group.pk))
    assert found["user_group"] == [
        "Choose two different groups: the user group must not give product access."
    ]


def test_an_access_group_belongs_to_one_pool(boss: Client, pool: LicencePool) -> None:
    other = factories.PoolFactory.create(site=pool.site, name="Other")
    found = errors(save(boss, pool, access_group=other.access_group.pk))
    assert "is already the access group of Other" in found["access_group"][0]
    found = errors(save(boss, pool, access_group=other.user_group.pk))
    assert "is the user group of Other: its people would all get access" in found["access_group"][0]


def test_an_access_group_of_another_pool_is_no_user_group(boss: Client, pool: LicencePool) -> None:
    other = factories.PoolFactory.create(site=pool.site, name="Other")
    found = errors(save(boss, pool, user_group=other.access_group.pk))
    assert "is the access group of Other: it gives product access" in found["user_group"][0]


def test_the_rules_of_slots_let_two_pools_share_a_user_group(pool: LicencePool) -> None:
    other = factories.PoolFactory.create(site=pool.site)
    form = LicencePoolForm(settings_of(pool, user_group=other.user_group.pk), instance=pool)
    assert form.errors == {}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("inactivity_minutes", 4, "greater than or equal to 5"),
        ("warning_seconds", 59, "greater than or equal to 60"),
        ("claim_seconds", 89, "greater than or equal to 90"),
        ("buffer_licences", 3, "Keep back at most the 2 assigned licences."),
    ],
)
def test_numbers_out_of_range_are_refused(
    boss: Client, pool: LicencePool, field: str, value: int, message: str
) -> None:
    assert message in errors(save(boss, pool, **{field: value}))[field][0]


def test_the_warning_must_be_shorter_than_the_inactivity_time(
    boss: Client, pool: LicencePool
) -> None:
    found = errors(save(boss, pool, inactivity_minutes=5, warning_seconds=300))
    assert found["warning_seconds"] == [
        "Warn for less than the inactivity time: below 300 seconds."
    ]


@pytest.mark.parametrize(("minutes", "warns"), [(5, True), (30, True), (31, False)])
def test_a_short_inactivity_time_is_saved_with_a_warning(
    boss: Client, pool: LicencePool, minutes: int, warns: bool
) -> None:
    response = save(boss, pool, inactivity_minutes=minutes)
    assert ("is meant for tests" in said(response)) is warns
    pool.refresh_from_db()
    assert pool.inactivity_minutes == minutes


@pytest.mark.parametrize("field", ["site", "access_group", "user_group", "dry_run"])
def test_what_jira_depends_on_stays_while_slots_are_in_use(
    boss: Client, pool: LicencePool, field: str
) -> None:
    factories.holder(pool)
    group = factories.GroupFactory.create(site=pool.site)
    value = {"site": factories.SiteFactory.create().pk, "dry_run": True}.get(field, group.pk)
    found = errors(save(boss, pool, **{field: value}))
    assert found[field][0].startswith("Take back all slots first: 1 still in use")


def test_a_dry_run_cannot_be_ended_either_while_slots_are_in_use(boss: Client) -> None:
    pool = factories.PoolFactory.create(dry_run=True)
    factories.holder(pool)
    found = errors(save(boss, pool, dry_run=False))
    assert found["dry_run"][0].startswith("Take back all slots first")


def test_switching_off_and_on_says_what_it_means(boss: Client, pool: LicencePool) -> None:
    assert "nobody gets a slot and nobody loses one" in said(save(boss, pool, enabled=False))
    pool.refresh_from_db()
    assert "sweeps resume" in said(save(boss, pool, enabled=True))


def test_history_shows_who_changed_what_and_restores_by_the_same_rules(
    boss: Client, pool: LicencePool
) -> None:
    save(boss, pool, assigned_licences=9)
    shown = boss.get(page(pool, "history")).content.decode()
    assert "Ada Admin" in shown
    oldest = pool.history.last()
    url = reverse("admin:slots_licencepool_simple_history", args=[pool.pk, oldest.pk])
    assert boss.get(url).status_code == 200
    boss.post(url, settings_of(oldest.instance))
    pool.refresh_from_db()
    assert (pool.assigned_licences, pool.slots.count()) == (2, 2)


def test_a_pool_with_a_journal_is_not_deleted_and_the_page_says_why(
    boss: Client, pool: LicencePool
) -> None:
    response = boss.post(page(pool, "delete"), {"post": "yes"})
    assert "Switch the pool off instead" in said(response)
    assert LicencePool.objects.filter(pk=pool.pk).exists()
    assert "cannot be deleted" in boss.get(page(pool)).content.decode()


def test_a_pool_that_never_did_anything_can_be_deleted(boss: Client) -> None:
    pool = factories.PoolFactory.create(assigned_licences=0)
    boss.post(page(pool, "delete"), {"post": "yes"})
    assert not LicencePool.objects.filter(pk=pool.pk).exists()


def test_the_page_shows_the_numbers_of_the_moment(boss: Client, pool: LicencePool) -> None:
    factories.holder(pool)
    shown = boss.get(page(pool)).content.decode()
    assert "of 2 slots in use" in shown
    assert "Next sweep" in shown


def test_the_list_shows_numbers_and_state(boss: Client, pool: LicencePool) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(enabled=False)
    shown = boss.get(reverse("admin:slots_licencepool_changelist")).content.decode()
    assert "off" in shown


def test_who_may_only_look_cannot_save(watcher: Client, pool: LicencePool) -> None:
    assert save(watcher, pool, name="Changed").status_code == 403


def test_who_may_change_needs_no_right_to_operate(pool: LicencePool) -> None:
    client = signed_in(staff("carl", "slots.change_licencepool", "slots.view_licencepool"))
    assert errors(save(client, pool, name="Changed")) == {}


def test_a_busy_pool_is_not_saved_and_the_page_says_so(
    boss: Client, pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pool_id: int) -> None:
        raise Busy("IUM is busy. Try again in a moment.")

    monkeypatch.setattr("slots.admin.pools.pool_lock", refuse)
    assert "IUM is busy" in said(save(boss, pool, name="Changed"))
    pool.refresh_from_db()
    assert pool.name == "Jira"


def test_a_webhook_needs_a_secret_of_the_server(
    boss: Client, pool: LicencePool, settings: Any
) -> None:
    hook = {"wait_alert_minutes": 10, "wait_alert_webhook": "https://hooks.example/ium"}
    settings.IUM_WEBHOOK_SECRET = "too short"
    assert "IUM_WEBHOOK_SECRET" in str(errors(save(boss, pool, **hook))["wait_alert_webhook"])
    settings.IUM_WEBHOOK_SECRET = "long enough to be a secret"
    assert errors(save(boss, pool, **hook)) == {}
    pool.refresh_from_db()
    assert (pool.wait_alert_minutes, pool.wait_alert_webhook) == (10, hook["wait_alert_webhook"])
