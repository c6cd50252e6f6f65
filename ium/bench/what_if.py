"""How well the what-if predicts: a company works under the running rules, and the replay says beforehand how it goes.

Twice: from what measuring mode records (nothing limited anybody), and from what is recorded while another number of
licences is in force. The running rules are the product's own services on SQLite in memory, with time passed in. The
size is IUM_WHAT_IF_PEOPLE and IUM_WHAT_IF_WEEKS (default 400 and 1; the whole company is 5,000 and 4).
"""

import os
import subprocess
import sys
import tempfile

DEFAULTS = {"IUM_WHAT_IF_PEOPLE": "400", "IUM_WHAT_IF_WEEKS": "1"}


def what_if_figures(_seconds: float) -> None:
    """Measure in a process of its own, with a database of its own."""
    environment = DEFAULTS | os.environ | {"DJANGO_SETTINGS_MODULE": "ium.settings_test"}
    environment.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-W", "ignore", "-m", "ium.bench.what_if_run"]
        subprocess.run(command, env=environment | {"IUM_DATA": data}, check=True)  # noqa: S603 - our own
