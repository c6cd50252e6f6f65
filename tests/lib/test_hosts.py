"""Addresses IUM may send people to (promise 9)."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ium.lib.hosts import is_on_site

SITE = "https://acme.atlassian.net"


@pytest.mark.parametrize(
    "url",
    [
        SITE,
        f"{SITE}/",
        f"{SITE}/browse/KEY-1?focusedId=7#comment-7",
        f"{SITE}:443/browse/KEY-1",
        "https://ACME.atlassian.net/jira",
        "HTTPS://acme.atlassian.net/jira",
        f"{SITE}/issues/?jql=project%20%3D%20X",
        f"{SITE}/browse/ÄÖ-1",
        f"{SITE}?next=https://evil.example/",
        f"{SITE}/#@evil.example",
    ],
)
def test_pages_of_the_site_are_taken(url: str) -> None:
    assert is_on_site(url, SITE)


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "/browse/KEY-1",
        "browse",
        "//acme.atlassian.net/x",
        f"{SITE}:0/browse/KEY-1",
        "http://acme.atlassian.net/",
        "https:acme.atlassian.net",
        "https:/acme.atlassian.net",
        "https:///acme.atlassian.net",
        "https://",
        "https://acme.atlassian.net.evil.example/",
        "https://evil.example/acme.atlassian.net",
        "https://evilacme.atlassian.net/",
        "https://acme.atlassian.net.",
        "https://acme.atlassian.net@evil.example/",
        "https://evil.example@acme.atlassian.net/",
        "https://user:pass@acme.atlassian.net/",
        "https://acme.atlassian.net:8443/",
        "https://acme.atlassian.net:80/",
        "https://acme.atlassian.net:x/",
        "https://acme.atlassian.net:99999/",
        "https://acme.atlassian.net\\@evil.example/",
        "https:\\\\acme.atlassian.net/",
        "\\\\evil.example",
        "https://acme.atlassian.net\t/",
        "https://acme.atlassian.net/\n",
        "\thttps://acme.atlassian.net/",
        "java\nscript:alert(1)",
        "javascript:alert(1)//acme.atlassian.net",
        "data:text/html,x",
        "https://[acme.atlassian.net]/",
        "https://[::1",
        "https://acme%2eatlassian.net/",
        "https://acme.atlassian.net%00.evil.example/",
        "https://acme.atlassian.net\x00.evil.example/",
        "https://acme。atlassian。net/",
        "https://\u0430cme.atlassian.net/",
        "https://acme.atlassian.net\uff0fevil.example/",
        f"{SITE}/{'x' * 2000}",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    assert not is_on_site(url, SITE)


def test_a_simulated_site_with_a_port_is_one_site_only() -> None:
    assert is_on_site("http://127.0.0.1:8090/browse/KEY-1", "http://127.0.0.1:8090")
    assert not is_on_site("http://127.0.0.1:8091/browse/KEY-1", "http://127.0.0.1:8090")
    assert not is_on_site("http://127.0.0.1/browse/KEY-1", "http://127.0.0.1:8090")


@given(st.text())
def test_no_text_at_all_is_a_fault(text: str) -> None:
    is_on_site(text, SITE)


NASTY = st.text(alphabet="/\\@:.#?;%&\t\n\r \x00[]aA\u3002\uff0f-", max_size=6)


@given(before=NASTY, after=NASTY, host=st.sampled_from(["acme.atlassian.net", "evil.example"]))
def test_what_is_taken_leads_a_browser_to_the_site(before: str, after: str, host: str) -> None:
    for url in (
        f"https://{before}{host}{after}evil.example/",
        f"https:{before}//{host}{after}",
        f"{before}https://{host}{after}",
    ):
        if is_on_site(url, SITE):
            # As browsers read it: backslashes are slashes, control characters are dropped.
            read = url.replace("\\", "/").translate({9: None, 10: None, 13: None})
            authority = read.split("://", 1)[1]
            for end in "/?#":
                authority = authority.split(end)[0]
            assert authority.lower().removesuffix(":443").removesuffix(":") == "acme.atlassian.net"
            assert urlsplit(read).scheme == "https"
