"""An administrator's message can inform people, and can do nothing else to them."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slots.queue_page.markdown import LINK_SCHEMES, TAGS, is_safe_link, message_html, sanitised

# What attacks are made of, and what Markdown is made of.
PIECES = st.sampled_from(
    [
        *(
            "<script>",
            "</script>",
            "<img src=x onerror=alert(1)>",
            "<a href='",
            "' onclick='x",
            "<svg/onload=x>",
        ),
        *(
            "javascript:",
            "JaVaScRiPt:",
            "data:text/html,",
            "vbscript:",
            "//evil.example",
            "https://",
            "mailto:a@b.c",
        ),
        *(
            "&#106;avascript:",
            "&colon;",
            "\t",
            "\n",
            "\n\n",
            "\x00",
            "\u202e",
            "\\",
            '"',
            "'",
            "<",
            ">",
            "&",
        ),
        *(
            "[",
            "](",
            ")",
            "![",
            "]: ",
            "<http://x>",
            "`",
            "```",
            "# ",
            "> ",
            "* ",
            "1. ",
            "***",
            "_",
            "---",
            "alert(1)",
        ),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=14).map("".join)


class Elements(HTMLParser):
    """What a browser would make of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.found.append((tag, dict(attrs)))


@given(TEXTS)
@example("[x](javascript:alert(1))")
@example("[x](java\tscript:alert(1))")
@example("<javascript:alert(1)>")
@example("[x](&#106;avascript:alert(1))")
@example("![x](https://evil.example/pixel.png)")
@example("[x]: https://ok.example 'a\" onmouseover=\"x'\n\n[x]")
@example("<img src=x onerror=alert(1)>")
@settings(max_examples=400, deadline=None)
def test_nothing_but_text_and_harmless_links_comes_out(markdown: str) -> None:
    only_harmless(message_html(markdown))


@given(TEXTS)
@example("<img src=x onerror=alert(1)><svg/onload=x>")
@example(
    "<a href='https://u@evil.example' title=x style=x target=_top>x</a><span class='card'>y</span>"
)
@settings(max_examples=400, deadline=None)
def test_the_sanitiser_alone_is_enough(html: str) -> None:
    only_harmless(sanitised(html))


def only_harmless(html: str) -> None:
    """Look at everything that a browser would make of it."""
    for tag, attributes in Elements(html).found:
        assert tag in {*TAGS, "a", "span"}
        if tag == "a":
            assert set(attributes) <= {"href", "target", "rel"}
            assert (attributes["rel"], attributes["target"]) == ("noopener noreferrer", "_blank")
            assert attributes.get("href") is None or is_safe_link(str(attributes["href"]))
        else:
            assert set(attributes.items()) <= {("class", "unseen"), ("class", "")}


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "//evil.example",
        "https://jira.example@evil.example/",
        "tel:4711",
        "ftp://a.example",
    ],
)
def test_a_link_that_leads_elsewhere_is_text(address: str) -> None:
    html = message_html(f"[x]({address})")

    assert "href" not in html
    assert "x" in html


@given(st.one_of(TEXTS, st.from_regex(r"[a-z]{2,10}:[^\s]{1,20}", fullmatch=True)))
@settings(max_examples=300, deadline=None)
def test_a_safe_link_is_what_browsers_call_a_web_or_mail_address(address: str) -> None:
    if is_safe_link(address):
        scheme = re.match(r"[^:/?#]+", address)
        assert scheme is not None
        assert scheme[0].lower() in LINK_SCHEMES
        assert not re.search(r"[\s\x00-\x20\x7f]", address)


@pytest.mark.parametrize(
    "address",
    [
        "/relative",
        "//evil.example",
        "https:evil",
        "https://",
        "https://jira.example@evil.example/",
        "javascript:alert(1)",
        " https://a.example",
        "mailto:",
        "tel:4711",
        "https://[",
        "",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    assert not is_safe_link(address)


def test_what_an_administrator_writes_is_what_people_read() -> None:
    html = message_html(
        "**Urgent?** Call\n4711.\n\n* [Help](https://acme.example/a?b=1&c=2)\n\n# Big"
    )

    assert "<strong>Urgent?</strong> Call<br>\n4711." in html
    assert 'href="https://acme.example/a?b=1&amp;c=2"' in html
    assert "<h3>Big</h3>" in html


def test_links_open_in_a_tab_of_their_own_and_say_so() -> None:
    html = message_html("[Help](https://acme.example)")

    assert 'target="_blank"' in html
    assert '<span class="unseen"> (opens in a new tab)</span></a>' in html


def test_pictures_and_html_are_shown_as_they_were_written() -> None:
    assert message_html("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"
    assert "<img" not in message_html("![x](https://evil.example/x.png)")
