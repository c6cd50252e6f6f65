"""The client stands alone."""

from __future__ import annotations

import subprocess
import sys

ASK = """
import sys, jira_sync.client
roots = {name.partition(".")[0] for name in sys.modules}
print(sorted(roots & {"django", "ium", "slots", "activity", "celery", "aiohttp"}))
print("jira_sync.simulator" in sys.modules)
"""


def test_client_needs_neither_django_nor_the_rest_of_ium() -> None:
    answer = subprocess.check_output([sys.executable, "-c", ASK], text=True)
    assert answer.split("\n")[:2] == ["[]", "False"]
