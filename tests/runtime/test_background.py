"""Workers and Beat load what they need, and no pages."""

import os
import subprocess
import sys

import pytest

from ium.runtime.config import ROOT

LOOK = """
import sys, django
django.setup()
from ium.celery import app
app.loader.import_default_modules()
print(*(name in sys.modules for name in ("slots.admin", "jira_sync.tasks", "requests")))
"""
NEEDED_LATER = LOOK + "import ium.urls; print('slots.admin' in sys.modules)"


def said(part: str, program: str) -> list[str]:
    """Run a program as a part is run by ium.background; return the words it prints."""
    environment = os.environ | {
        "IUM_BACKGROUND": part,
        "CELERY_SKIP_CHECKS": "1",
        "DJANGO_SETTINGS_MODULE": "ium.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("part", "loaded"),
    [("worker", ["False", "True", "True"]), ("beat", ["False", "False", "False"])],
)
def test_a_part_loads_its_tasks_and_no_pages(part: str, loaded: list[str]) -> None:
    assert said(part, LOOK) == loaded


def test_a_worker_that_needs_an_address_gets_the_administration_too() -> None:
    assert said("worker", NEEDED_LATER)[-1] == "True"
