"""Reading the projects of a site: over real HTTP, from the simulated Jira."""

from __future__ import annotations

import pytest

from ium.directory.models import Project, Site
from jira_sync.client.errors import JiraError
from jira_sync.services import sync_projects
from jira_sync.simulator import credentials
from tests.jira_sync.sync.world import World


@pytest.fixture
def site(world: World) -> Site:
    """The site of the world, with an API token too."""
    found = credentials.printable()
    world.site.api_email, world.site.api_token = found["admin_email"], found["api_token"]
    world.site.save()
    return world.site


def test_the_projects_of_a_site_are_mirrored(site: Site) -> None:
    assert sync_projects(site_id=site.pk) == 4
    assert dict(site.projects.values_list("key", "type_key"))["SUP"] == "service_desk"
    assert sync_projects(site_id=site.pk) == 0


def test_when_jira_fails_what_was_known_stays(site: Site, world: World) -> None:
    sync_projects(site_id=site.pk)
    match = {"method": "GET", "path": "/rest/api/3/project/search"}
    world.sim.order("faults", match=match, kind="status", status=403, times=1)
    with pytest.raises(JiraError):
        sync_projects(site_id=site.pk)
    assert Project.objects.count() == 4


def test_without_an_api_token_nothing_is_known_and_nothing_lost(site: Site) -> None:
    sync_projects(site_id=site.pk)
    site.api_token = ""
    site.save()
    assert sync_projects(site_id=site.pk) == 0
    assert Project.objects.count() == 4
