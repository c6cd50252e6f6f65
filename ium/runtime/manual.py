"""`./ium.sh docs`: the manual as a site that also works from a folder. A broken link stops it."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ium.runtime.config import ROOT
from ium.runtime.errors import OperatorError
from ium.runtime.output import say

FIRST_PAGE = Path("docs/index.html")
# What people open: the folder itself, or the address of a web server that shows it.
DOOR = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>IUM manual</title>
<meta http-equiv="refresh" content="0; url=docs/index.html">
</head>
<body><p><a href="docs/index.html">IUM manual</a></p></body>
</html>
"""


def docs(arguments: Sequence[str]) -> int:
    """Build the manual; answers 1 when something in it is wrong."""
    parser = argparse.ArgumentParser(prog="ium.sh docs", description="Build the manual as a site.")
    parser.add_argument(
        "folder", nargs="?", default=str(ROOT / "site"), help="where it is put (default: ./site)"
    )
    folder = Path(parser.parse_args(arguments).folder).absolute()
    build(folder)
    say(f"The manual: {folder / 'index.html'}")
    return 0


def build(folder: Path) -> None:
    """Put the site into a folder, all of it anew. Raises OperatorError with what is wrong."""
    with tempfile.TemporaryDirectory(prefix="ium-docs-") as scratch:
        done = subprocess.run(  # noqa: S603 - our own command
            [*_sphinx(scratch), str(ROOT), str(folder)],
            check=False,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if done.returncode != 0:
        raise OperatorError("The manual cannot be built:", *done.stdout.splitlines())
    (folder / "index.html").write_text(DOOR, "utf-8")


def _sphinx(scratch: str) -> list[str]:
    # Every warning is an error, but all of them are shown.
    options = ["-q", "-E", "-W", "--keep-going", "-b", "html", "-c", str(ROOT / "docs")]
    return [sys.executable, "-m", "sphinx", *options, "-d", scratch]
