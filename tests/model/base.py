"""What all rules share."""

from collections.abc import Callable
from contextlib import suppress

from hypothesis import strategies as st

from jira_sync.client.errors import JiraError
from jira_sync.services import SyncStoppedError
from tests.model.world import World

# Chooses one of whatever there is, by counting round.
NUMBER = st.integers(0, 5)


class Rules:
    """A theme of rules; `world` is there from the first step on."""

    world: World

    def quietly(self, job: Callable[[], object]) -> Callable[[], object]:
        """Return the job as Beat runs it: what Jira refuses is logged and tried again by the next run."""

        def run() -> None:
            with suppress(JiraError, SyncStoppedError):
                job()

        return run
