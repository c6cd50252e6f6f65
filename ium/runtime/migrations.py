"""Whether migrations fit the version before: judged by what PostgreSQL would be told to do.

SQLite cannot add most columns: Django copies the whole table there, which looks to the linter like new columns
without a value. Servers that are upgraded while they work have PostgreSQL.
"""

import os
import subprocess
import sys

from ium.runtime.config import ROOT
from ium.runtime.embedded_postgres import EmbeddedPostgres

# The linter is an application; it is added here only, because production has no need of it.
LINTER = """
from django.conf import settings
from django.core.management import execute_from_command_line
settings.INSTALLED_APPS.append("django_migration_linter")
apps = ["directory", "activity", "slots", "jira_sync"]
options = ["--no-cache", "--ignore-initial-migrations", "--include-apps", *apps]
execute_from_command_line(["manage.py", "lintmigrations", *options])
"""


def lint_migrations() -> int:
    """Look at all migrations on an empty PostgreSQL; answers the linter's exit code."""
    server = EmbeddedPostgres()
    server.start()
    try:
        environment = os.environ | {"DATABASE_URL": server.url}
        command = (sys.executable, "-c", LINTER)
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - our own
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(lint_migrations())
