"""The German texts: complete, compiled, and with the same holes to fill in as the English ones."""

import ast
import gettext
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "ium" / "locale" / "de" / "LC_MESSAGES"
LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) )?(".*")')
HOLES = re.compile(r"%\(\w+\)[a-z]|\{\w+\}|%%|</?\w+[^>]*>")

Key = str | tuple[str, int]


def entries() -> list[dict[str, str]]:
    """Return the entries of the .po file by their keywords."""
    blocks = (FOLDER / "django.po").read_text(encoding="utf-8").split("\n\n")
    return [entry for block in blocks if (entry := parsed(block)).get("msgid")]


def parsed(block: str) -> dict[str, str]:
    """Return one entry; long texts go over several quoted lines."""
    entry: dict[str, str] = {}
    keyword = ""
    for line in block.splitlines():
        if found := LINE.fullmatch(line):
            keyword = found[1] or keyword
            entry[keyword] = entry.get(keyword, "") + ast.literal_eval(found[2])
    return entry


def translations() -> dict[Key, str]:
    """Return what the .po file says, in the shape of a compiled catalogue."""
    catalogue: dict[Key, str] = {}
    for entry in entries():
        key = "\x04".join(filter(None, (entry.get("msgctxt"), entry["msgid"])))
        if "msgid_plural" in entry:
            catalogue[key, 0], catalogue[key, 1] = entry["msgstr[0]"], entry["msgstr[1]"]
        else:
            catalogue[key] = entry["msgstr"]
    return catalogue


def test_the_compiled_file_is_up_to_date() -> None:
    """It is in git because machines that run IUM need no gettext. The .po file says how to compile it."""
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]
    compiled.pop("")

    assert compiled == translations()


def test_nothing_is_left_untranslated() -> None:
    assert [key for key, text in translations().items() if not text] == []
    assert "fuzzy" not in (FOLDER / "django.po").read_text(encoding="utf-8")


def test_the_holes_are_the_same() -> None:
    pairs = [pair for entry in entries() for pair in forms(entry)]

    assert [german for english, german in pairs if holes(english) != holes(german)] == []


def forms(entry: dict[str, str]) -> list[tuple[str, str]]:
    """Return an entry's English forms with their German ones."""
    if "msgid_plural" not in entry:
        return [(entry["msgid"], entry["msgstr"])]
    return [
        (entry["msgid"], entry["msgstr[0]"]),
        (entry["msgid_plural"], entry["msgstr[1]"]),
    ]


def holes(text: str) -> list[str]:
    """Return what is filled in, and the tags, in any order."""
    return sorted(HOLES.findall(text))
