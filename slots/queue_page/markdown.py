"""An administrator's Markdown as HTML that can do nothing: text, lists, emphasis, and links to the web or to mail.

Two walls, each enough alone: the reader knows no HTML and no pictures, and what it makes is sanitised by a list of
what is allowed.
"""

from functools import lru_cache
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
TAGS = {"p", "br", "strong", "em", "s", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h3"}
OTHER_ATTRIBUTES = {("a", "target"), ("a", "rel"), ("span", "class")}
LONGEST = 4000


def is_safe_link(address: str) -> bool:
    """Whether a link may lead there: complete http, https and mailto addresses only, without hidden characters."""
    if any(ord(character) <= 32 or ord(character) == 127 for character in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path
    # A name before the host ("https://jira.example@evil.example") only ever serves to mislead.
    return parts.scheme in LINK_SCHEMES and bool(parts.hostname) and "@" not in parts.netloc


def message_html(markdown: str) -> SafeString:
    """Return the message as safe HTML. Links open in a new tab, so that nobody stops waiting by following one."""
    return _rendered(markdown, get_language())


@lru_cache(maxsize=64)
def _rendered(markdown: str, _language: str | None) -> SafeString:
    return mark_safe(sanitised(_reader().render(markdown[:LONGEST])))  # noqa: S308 - sanitised here


def _reader() -> MarkdownIt:
    # Only what is in this preset is read: no tables, no automatic links; a line break is a line break.
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.disable(["image", "html_block", "html_inline", "entity"])
    reader.add_render_rule("link_close", _link_close)
    reader.core.ruler.push("headings", _headings_below_the_pages_own)
    return reader


def _headings_below_the_pages_own(state: object) -> None:
    """Every heading is one of the third level: the page's own are the first two."""
    for token in state.tokens:  # type: ignore[attr-defined] # StateCore; the package types rules loosely
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "h3"


def _link_close(
    _renderer: RendererHTML, _tokens: list[Token], _index: int, _options: object, _env: object
) -> str:
    return f'<span class="unseen"> {_("(opens in a new tab)")}</span></a>'


def sanitised(html: str) -> str:
    """Return the HTML without anything that is not on the list: enough by itself, whatever made it."""
    return nh3.clean(
        html,
        tags={*TAGS, "a", "span"},
        attributes={"a": {"href"}},
        attribute_filter=_only_safe_links,
        tag_attribute_values={"span": {"class": {"unseen"}}},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes=set(LINK_SCHEMES),
        link_rel="noopener noreferrer",
    )


def _only_safe_links(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("a", "href"):
        return value if is_safe_link(value) else None
    # nh3 lets some attributes (title, lang) through everywhere.
    return value if (tag, attribute) in OTHER_ATTRIBUTES else None
