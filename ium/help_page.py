"""`/help/`: the page of the manual for everybody, in the reader's language (docs/users/)."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.generic import View
from markdown_it import MarkdownIt

from slots.queue_page.look import look_of
from slots.queue_page.strict import StrictPageMixin

PAGES = settings.BASE_DIR / "docs" / "users"
# Where the pictures are among the static files (settings.STATICFILES_DIRS).
PICTURES = "help"


class HelpView(StrictPageMixin, View):
    """Open to everybody: whoever cannot sign in needs help most."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page, and the company's own help where there is one."""
        language = (get_language() or settings.LANGUAGE_CODE)[:2]
        path = PAGES / f"{language}.md"
        if not path.exists():
            path = PAGES / "en.md"
        context = {"page": help_html(path), "help_url": look_of(None).help_url}
        return render(request, "ium/help.html", context)


@lru_cache
def help_html(path: Path) -> SafeString:
    """Return a page as HTML. It is part of IUM, as templates are; no HTML in it is read all the same."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(path.read_text("utf-8"))
    for token in (part for each in tokens for part in each.children or () if part.type == "image"):
        name = Path(str(token.attrs["src"])).name
        token.attrs |= {"src": static(f"{PICTURES}/{name}"), "loading": "lazy"}
    html: str = reader.renderer.render(tokens, reader.options, {})
    return mark_safe(html)  # noqa: S308 - our own text
