"""How Sphinx makes the manual of the Markdown files: `./ium.sh docs`.

The files stay what a repository page shows: their order is here, and pictures of `mermaid` blocks are drawn
beforehand (docs/draw_diagrams.py), so that the built pages need no script from elsewhere.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
LOG = logging.getLogger(__name__)

project = "IUM"
author = "IUM"
project_copyright = "IUM"
language = "en"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "README.md",
    "CHANGELOG.md",
    "deploy/README.md",
    "extension/README.md",
]
# Not looked into at all: large, and nothing to read.
exclude_patterns = [
    ".*",
    "**/node_modules",
    "**/__pycache__",
    "build",
    "data",
    "site",
    "tests",
    "ium",
    "slots",
    "jira_sync",
    "activity",
    "templates",
]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
# Every block without a known language is shown as it is.
highlight_language = "none"
pygments_style = "default"

html_theme = "furo"
html_title = "IUM manual"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_favicon = "../ium/static/ium/icon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False

# The order of the manual. A page that nobody put here comes at the end, under "More".
ORDER = {
    "Begin": ["try", "/deploy/README", "jira-set-up", "options", "configuration", "rollout"],
    "Operate": [
        "administrator",
        "charts",
        "what-if",
        "operations",
        "nodes",
        "monitoring",
        "privacy",
        "disaster",
        "troubleshooting",
    ],
    "For everybody": ["users/en", "users/de"],
    "Understand": [
        "how-it-works",
        "security",
        "comparison",
        "api",
        "architecture",
        "reliability",
        "performance",
        "glossary",
    ],
    "Build": [
        "extension",
        "/extension/README",
        "contributing",
        "releasing",
        "licences",
        "/README",
        "/CHANGELOG",
    ],
}


def chapters() -> dict[str, list[str]]:
    """Return the pages there are, by caption, as paths from the top folder."""
    there = {
        "/" + path.relative_to(HERE.parent).with_suffix("").as_posix() for path in manual_files()
    }
    found = {
        caption: [page if page.startswith("/") else f"/docs/{page}" for page in pages]
        for caption, pages in ORDER.items()
    }
    named = {page for pages in found.values() for page in pages}
    found["More"] = sorted(there - named - {f"/{root_doc}"})
    return {caption: [page for page in pages if page in there] for caption, pages in found.items()}


def manual_files() -> list[Path]:
    """Return the Markdown files the manual is made of."""
    top = HERE.parent
    names = ["README.md", "CHANGELOG.md", "deploy/README.md", "extension/README.md"]
    return [*HERE.rglob("*.md"), *(top / name for name in names)]


def table_of_contents() -> str:
    """Return the order as Sphinx reads it."""
    blocks = (
        f":::{{toctree}}\n:hidden:\n:caption: {caption}\n" + "\n".join(pages) + "\n:::\n"
        for caption, pages in chapters().items()
        if pages
    )
    return "\n" + "\n".join(blocks)


def add_order(_app: "Sphinx", page: str, source: list[str]) -> None:
    """Put the order below the first page."""
    if page == root_doc:
        source[0] += table_of_contents()


def say_german(
    _app: "Sphinx", page: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Tell browsers and screen readers which page is German."""
    if page.endswith("/de"):
        context["body"] = f'<div lang="de">{context["body"]}</div>'


def diagram_name(source: str) -> str:
    """Return the name of a diagram's picture: it follows from the text, so an old picture is never shown."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:12] + ".svg"


class Mermaid(SphinxDirective):
    """A diagram, shown as the picture that was drawn of it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the picture; without one the build stops."""
        name = diagram_name("\n".join(self.content))
        if not (HERE / "images" / "diagrams" / name).exists():
            LOG.warning(
                "No picture of this diagram: run docs/draw_diagrams.py",
                location=self.get_location(),
            )
            return []
        return [
            nodes.image(uri=f"/docs/images/diagrams/{name}", alt="Diagram", classes=["diagram"])
        ]


def setup(app: "Sphinx") -> dict[str, bool]:
    """Tell Sphinx about the additions above."""
    app.add_directive("mermaid", Mermaid)
    app.connect("source-read", add_order)
    app.connect("html-page-context", say_german)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
