"""`docs/configuration.md`: the table of variables, for people."""

import re
import textwrap
from collections.abc import Iterator

from ium.configuration.table import SECTIONS
from ium.configuration.variable import Variable

# ruff: noqa: E501 - the lines of a page

KINDS = {
    "text": "text",
    "folder": "folder",
    "flag": "1 or 0",
    "list": "list, commas between",
    "address": "address",
    "service": "address with password",
}
HEAD = """# Configuration

<!-- Made by `./ium.sh manage configuration --write`; a test fails when it is stale. Edit ium/configuration/table.py. -->

What operations decide is set by environment variables: in the environment of the processes, in `.env` beside `ium.sh` (the
environment wins), or in the environment file of systemd and containers. What the administrator of the licences decides (limits,
times, groups) is edited in the [administration](administrator.md).

* **Files.** Every variable may be given as `NAME_FILE=/run/secrets/name`: the value is the content of that file. Giving both forms is a
  mistake.
* **Empty** counts as not set.
* **Mistakes** stop IUM from starting; all of them are told at once, with what to write. Secrets are never repeated.
* **Changes** count after a restart of all parts. All machines of an installation need the same values.
* [.env.example](../.env.example) names them all, ready to be copied.
* `./ium.sh manage configuration` shows what counts now and where it comes from, without secrets. Names that IUM does not know
  (a misspelt one, say) are warned of by `./ium.sh manage check`.
"""


def document() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for title, variables in SECTIONS.items():
        shown = [variable for variable in variables if not variable.internal]
        yield f"## {title}\n"
        yield "| variable | value | default | meaning | since |\n|---|---|---|---|---|"
        yield from (_row(variable) for variable in shown)
        yield ""


EXAMPLE = """# Copy to .env and change what you need. Every variable may also be set in the environment, which wins.
# Each may be given as a file: NAME_FILE=/run/secrets/name instead of NAME=value. docs/configuration.md says more.
# Lines that are commented out show the default. Made by `./ium.sh manage configuration --write`.
"""


def example() -> str:
    """Return `.env.example`."""
    return "\n".join([EXAMPLE, *_example_lines()]).rstrip() + "\n"


def _example_lines() -> Iterator[str]:
    for title, variables in SECTIONS.items():
        shown = [variable for variable in variables if not variable.internal]
        yield f"# --- {title} ".ljust(98, "-") + "\n"
        for variable in shown:
            yield from textwrap.wrap(
                _plain(variable), 118, initial_indent="# ", subsequent_indent="# "
            )
            yield f"#{variable.name.replace('*', 'OKTA')}={variable.default}"
        yield ""


def _plain(variable: Variable) -> str:
    text = variable.help + (f" Otherwise: {variable.otherwise}." if variable.otherwise else "")
    return re.sub(r"\[(\w+)\]\(([^)#\s]+)[^)\s]*\)", r"docs/\2", text).replace("`", "")


def _row(variable: Variable) -> str:
    name = f"`{variable.name}`" + (" (secret)" if variable.secret else "")
    default = variable.otherwise or (f"`{variable.default}`" if variable.default else "none")
    return f"| {name} | {_kind(variable)} | {default} | {variable.help} | {variable.since} |"


def _kind(variable: Variable) -> str:
    if variable.kind == "choice":
        return " or ".join(f"`{choice}`" for choice in variable.choices)
    if variable.kind != "number":
        return KINDS[variable.kind]
    if variable.high is not None:
        return f"number, {variable.low} to {variable.high}"
    return "number" if variable.low is None else f"number, at least {variable.low}"
