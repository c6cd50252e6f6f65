"""What the manual says is so: options, variables and messages are those of the product."""

import ast
import json
import re
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from ium.runtime.config import ROOT
from jira_sync.models import SyncSettings
from slots.models import LicencePool

DOCS = ROOT / "docs"
APPS = ("ium", "slots", "jira_sync", "activity")
VARIABLE = re.compile(r"\bIUM_[A-Z0-9_]*[A-Z0-9]\b")
# What a machine's own paths look like. `/opt/ium`, `/etc/ium` and `/var/lib/ium` are where an installation is.
MACHINE = re.compile(r"/(?:root|home|Users|work|tmp/wt)/\w")


def words_of_the_product() -> str:
    """Return every text of the code, the templates and the extension, with gaps where names stand."""
    texts = [
        node.value
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    texts += [path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html")]
    extension = ROOT / "extension/static/_locales/en/messages.json"
    texts += [each["message"] for each in json.loads(extension.read_text("utf-8")).values()]
    texts.append((ROOT / "ium.sh").read_text("utf-8"))
    return "\n".join(re.sub(r"%\(\w+\)[sd]|\{\w*\}|\$\d", "…", text) for text in texts)


@lru_cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _trouble() -> str:
    return (DOCS / "troubleshooting.md").read_text("utf-8")


def test_troubleshooting_has_many_symptoms() -> None:
    rows = [line for line in _trouble().splitlines() if re.match(r"\| \S*\s?[“`]", line)]
    assert len(rows) > 60


def test_every_message_in_troubleshooting_is_one_that_people_see() -> None:
    words = words_of_the_product()
    missing = [
        part.strip()
        for line in re.findall(r"^\| .*", _trouble(), re.MULTILINE)
        for message in re.findall(r"“((?:[^“”]|“…”)+)”|`([a-z][^`]{25,})`", line.split(" | ")[0])
        for part in re.split(r"“…”|…", "".join(message))
        if len(part.strip()) > 4 and part.strip(" .:,") not in words
    ]
    assert missing == []


@pytest.mark.parametrize("model", [LicencePool, SyncSettings])
def test_every_option_is_documented_with_its_field(model: type[LicencePool | SyncSettings]) -> None:
    text = (DOCS / "options.md").read_text("utf-8")
    heading = {LicencePool: "## A pool", SyncSettings: "## User sync"}[model]
    section = text.split(heading)[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| `(\w+)` \|([^|]*)\|", section, re.MULTILINE)
    documented = {field: name.strip() for name, field, _unit in rows}
    with override("en-gb"):
        fields = {
            each.name: str(each.verbose_name)
            for each in [*model._meta.fields, *model._meta.many_to_many]
            if each.editable and not each.primary_key and each.name not in {"pool"}
        }
    assert documented.keys() == fields.keys()
    for field, name in documented.items():
        said = re.sub(r" \((minutes|seconds|percent)\)$", "", fields[field])
        assert said.lower() == name.lower(), field


def test_every_minutes_and_seconds_option_says_its_unit() -> None:
    text = (DOCS / "options.md").read_text("utf-8")
    for field, unit in re.findall(r"\| `(\w+)` \| ([^|]*?) ?\|", text):
        if ending := re.search(r"_(minutes|seconds|percent)$", field):
            assert unit.strip() == ending[1], field


def test_defaults_and_ranges_are_those_of_the_code() -> None:
    text = (DOCS / "options.md").read_text("utf-8")
    for field in LicencePool._meta.fields:
        if not field.name.endswith(("_minutes", "_seconds")):
            continue
        found = re.search(rf"`{field.name}` \|[^|]*\|([^|]*)\|", text)
        assert found is not None
        limits = sorted(vars(each)["limit_value"] for each in field.validators[:2])
        numbers = [int(each) for each in re.findall(r"\d+", found[1])]
        for number in numbers:
            assert number in {field.default, *limits}, field.name
        assert limits[1] in numbers


def test_variables_in_the_manual_exist(pages: list[Path]) -> None:
    known = set()
    for path in [*(ROOT / "ium").rglob("*.py"), ROOT / "ium.sh", ROOT / ".env.example"]:
        known |= set(VARIABLE.findall(path.read_text("utf-8")))
    for path in [*(ROOT / "tests").rglob("*.py")]:  # switches of the tests
        known |= set(VARIABLE.findall(path.read_text("utf-8")))
    for path in pages:
        for name in VARIABLE.findall(path.read_text("utf-8")):
            of_a_sign_in = name.startswith("IUM_SIGN_IN_")
            assert name in known or name.removesuffix("_FILE") in known or of_a_sign_in, (
                f"{path.name}: {name}"
            )


def test_pages_speak_of_no_machine_of_ours(pages: list[Path]) -> None:
    found = [
        f"{path.name}: {hit}" for path in pages for hit in MACHINE.findall(path.read_text("utf-8"))
    ]
    assert found == []


def test_both_languages_of_the_page_for_everybody_say_the_same_things() -> None:
    english, german = ((DOCS / "users" / f"{name}.md").read_text() for name in ("en", "de"))
    for sign in (r"^## ", r"^!\[", r"^\| ", r"^\*\*"):
        there = [len(re.findall(sign, text, re.MULTILINE)) for text in (english, german)]
        assert there[0] == there[1], sign
    assert {code for code, _name in settings.LANGUAGES} == {"en-gb", "de"}
