"""Expressions that browsers run: what is taken can neither hang nor mean two things."""

import re
import shutil
import subprocess
import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from ium.lib.patterns import MOST_LINES, pattern_problem, validate_patterns
from slots.pages import FREE_PATHS, NEEDED_PATHS, PROJECT_PATHS

OURS = [*FREE_PATHS, *PROJECT_PATHS, *(path for paths in NEEDED_PATHS.values() for path in paths)]
PIECES = [
    "^/",
    "a",
    "(",
    ")",
    "(?:",
    "|",
    "[a-z]",
    "[^/]",
    ".",
    "*",
    "+",
    "?",
    "$",
    "\\d",
    "/",
    "b",
]


@pytest.mark.parametrize("pattern", OURS)
def test_what_is_built_in_would_be_taken(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "wiki",
        "/wiki",
        "^wiki",
        r"^/(a+)+$",
        r"^/(a|a)*$",
        r"^/(?:a|aa)+$",
        r"^/((a))",
        r"^/a{1,1000}",
        r"^/.*.*.*x",
        "^/" + "a?" * 11,
        "^/" + "(a|a)?" * 6 + ".*x",
        r"^/(a|a)?(a|a)?.*.*x",
        r"^/(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)",
        r"^/a|b",
        r"^/|)a(",
        r"^/()*",
        r"^/(?=x)",
        r"^/(?<!x)a",
        r"^/(?P<n>a)",
        r"^/(a)\1",
        r"^/\bword",
        r"^/\p{L}",
        r"^/(?i)a",
        r"^/a**",
        r"^/a+?b",
        r"^/[a",
        r"^/[z-a]",
        r"^/(a",
        r"^/a)",
        r"^/*",
        "^/a\nb",
        "^/\x00",
        "^/ä",
        "^/" + "a" * 200,
    ],
)
def test_what_could_hang_or_mean_something_else_is_refused(pattern: str) -> None:
    if pattern == r"^/*":  # the slash repeated: harmless, and taken
        assert pattern_problem(pattern) is None
    else:
        assert pattern_problem(pattern)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24), st.text("ab/1", max_size=8))
def test_whatever_is_taken_answers_at_once(pieces: list[str], seed: str) -> None:
    pattern = "^/" + "".join(pieces)
    if pattern_problem(pattern) is not None:
        return
    compiled = re.compile(pattern)
    for path in ("/" + "a" * 2000, "/" + (seed or "a") * 120, "/" + "a/b1" * 500 + "!"):
        started = time.process_time()
        compiled.search(path)
        assert time.process_time() - started < 1, (pattern, path)


GROUPS = st.lists(st.sampled_from(["a", "aa", ".", "[ab]"]), min_size=1, max_size=7).map(
    lambda choices: f"({'|'.join(choices)})"
)
PARTS = st.lists(
    st.tuples(GROUPS | st.sampled_from(["a", ".", "[ab]"]), st.sampled_from(["", "?", "*", "+"])),
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(PARTS)
def test_whatever_is_taken_of_the_worst_kind_answers_at_once(parts: list[tuple[str, str]]) -> None:
    pattern = "^/" + "".join(part + repeat for part, repeat in parts) + "x$"
    if pattern_problem(pattern) is None:
        started = time.process_time()
        re.compile(pattern).search("/" + "a" * 2000)
        assert time.process_time() - started < 2, pattern


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="^/()[]|*+?{}\\.$a-z:=!<P1", max_size=30))
def test_anything_is_taken_or_refused_with_a_reason(text: str) -> None:
    for pattern in (text, "^/" + text):
        problem = pattern_problem(pattern)
        assert problem is None or problem.endswith(".")
        if problem is None:
            re.compile(pattern)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
def test_a_browser_reads_what_is_built_in_the_same_way() -> None:
    paths = ["/wiki", "/wiki/x", "/wikis", "/browse/SUP-1", "/jira/servicedesk", "/", "/login.jsp"]
    script = (
        "const [rules, paths] = JSON.parse(process.argv[1]);"
        "console.log(JSON.stringify(rules.map((r) => paths.map((p) => new RegExp(r).test(p)))))"
    )
    import json

    node = subprocess.run(
        ["node", "-e", script, json.dumps([OURS, paths])],
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(node.stdout) == [
        [bool(re.search(rule, path)) for path in paths] for rule in OURS
    ]


def test_every_line_is_looked_at_and_too_many_are_refused() -> None:
    validate_patterns("^/wiki\n\n  ^/admin(/|$)  \n")
    with pytest.raises(ValidationError, match="begin with"):
        validate_patterns("^/wiki\nadmin")
    with pytest.raises(ValidationError, match="At most"):
        validate_patterns("^/a\n" * (MOST_LINES + 1))
