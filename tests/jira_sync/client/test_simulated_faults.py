"""Cut connections, late answers, failures and rate limits of the simulated Jira."""

from __future__ import annotations

import pytest

from jira_sync.client import JiraDirectory, JiraUnreachable, OutcomeUnknown, RateLimited

from .simulated import SimulatedJira

WRITES = "memberships|group/user"
AT_ONCE = {"Retry-After": "0"}
READS = "search|group/member|user/groups|group/bulk"


@pytest.fixture
def access(simulator: SimulatedJira) -> str:
    """Id of the group that gives product access; empty at first."""
    return simulator.group_id("ium-access")


@pytest.fixture
def ann(simulator: SimulatedJira) -> str:
    """Account id of somebody IUM manages."""
    return simulator.members("ium-users")[0]


def test_add_whose_answer_is_lost_happened(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, ann: str
) -> None:
    simulator.fault("POST", WRITES, "drop_after_apply")
    with pytest.raises(OutcomeUnknown):
        directory.add_member(access, ann)
    assert directory.is_member(access, ann)
    directory.add_member(access, ann)
    assert simulator.members("ium-access") == [ann]


def test_removal_whose_answer_is_lost_happened(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, ann: str
) -> None:
    directory.add_member(access, ann)
    simulator.fault("DELETE", WRITES, "drop_after_apply")
    with pytest.raises(OutcomeUnknown):
        directory.remove_member(access, ann)
    assert not directory.is_member(access, ann)
    directory.remove_member(access, ann)


@pytest.mark.parametrize(
    "more", [{"kind": "timeout", "seconds": 2}, {"kind": "status", "status": 503}]
)
def test_add_that_did_not_happen_is_as_unknown(
    simulator: SimulatedJira,
    directory: JiraDirectory,
    access: str,
    ann: str,
    more: dict[str, object],
) -> None:
    simulator.fault("POST", WRITES, **more)  # type: ignore[arg-type]
    with pytest.raises(OutcomeUnknown):
        directory.add_member(access, ann)
    assert not directory.is_member(access, ann)
    directory.add_member(access, ann)
    assert directory.is_member(access, ann)


def test_slow_answer_is_an_answer(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, ann: str
) -> None:
    simulator.fault("POST", WRITES, "slow", seconds=0.2)
    directory.add_member(access, ann)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reads_survive_passing_failures(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, ann: str, status: int
) -> None:
    directory.add_member(access, ann)
    simulator.options(retry_after=False)
    simulator.fault(".*", READS, "status", status=status, times=2, headers=AT_ONCE)
    assert directory.is_member(access, ann)
    assert [one.account_id for one in directory.iter_members(access)] == [ann]


def test_reads_give_up_in_the_end(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, ann: str
) -> None:
    simulator.fault(".*", READS, "status", status=503, rate=1.0, headers=AT_ONCE)
    with pytest.raises(JiraUnreachable):
        directory.is_member(access, ann)


@pytest.mark.parametrize("retry_after", [True, False])
def test_rate_limit(
    simulator: SimulatedJira,
    directory: JiraDirectory,
    access: str,
    ann: str,
    retry_after: bool,
) -> None:
    simulator.options(retry_after=retry_after)
    simulator.fault("POST", WRITES, "status", status=429)
    with pytest.raises(RateLimited) as caught:
        directory.add_member(access, ann)
    assert retry_after is False or caught.value.retry_after is not None
    assert simulator.members("ium-access") == []


def test_real_bucket_that_runs_empty(
    simulator: SimulatedJira, directory: JiraDirectory, access: str
) -> None:
    simulator.options(bucket=3, retry_after=False)
    people = simulator.members("ium-users")
    refused = 0
    for account_id in people[:20]:
        try:
            directory.add_member(access, account_id)
        except RateLimited:
            refused += 1
            break
    assert refused == 1
    assert len(simulator.members("ium-access")) < 20
