"""The files an operator installs IUM with: as far as they can be checked without a server to install it on."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ium.runtime.config import ROOT, read_config
from ium.runtime.serve import PREPARE, parts

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PARTS = {PREPARE, *parts(read_config({}))}


def command_of(unit: Path) -> str:
    """What a unit starts."""
    found = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_every_part_has_a_unit_that_starts_it() -> None:
    assert {unit.stem.removeprefix("ium-"): command_of(unit) for unit in UNITS} == {
        part: f"/opt/ium/ium.sh serve {part}" for part in PARTS
    }


def test_the_target_wants_every_unit() -> None:
    wanted = re.findall(r"^Wants=(.*)$", (DEPLOY / "systemd/ium.target").read_text(), re.MULTILINE)
    assert set(" ".join(wanted).split()) == {unit.name for unit in UNITS}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in [*UNITS, DEPLOY / "systemd/ium.target"]:
        # IUM is not installed where the tests run.
        text = unit.read_text().replace("/opt/ium/ium.sh", "/bin/true").replace("/opt/ium", "/")
        (tmp_path / unit.name).write_text(text)
    run = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    # It ends with 0 in spite of lines that it does not know.
    assert [line for line in run.stderr.splitlines() if str(tmp_path) in line] == []


def test_compose_starts_every_part_once_the_database_is_prepared() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    own = {name: each for name, each in services.items() if each["image"] == "ium:local"}
    assert {name: each["command"] for name, each in own.items()} == {part: [part] for part in PARTS}
    for name in PARTS - {PREPARE}:
        after = own[name]["depends_on"]
        assert after["prepare"] == {"condition": "service_completed_successfully"}
        assert own[name]["read_only"] is True
        assert own[name]["environment"]["IUM_SELF_URL"] == "http://web:8000"
    # Only the proxy of this machine may reach the web server.
    assert own["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_image_holds_every_app_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) \1$", text, re.MULTILINE))
    code = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert copied == code | {"templates"}
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile", "traefik.yaml"])
def test_every_proxy_example_names_the_settings_it_needs(name: str) -> None:
    text = (DEPLOY / "proxy" / name).read_text()
    assert "IUM_BEHIND_PROXY=1" in text
    assert "IUM_URL=https://" in text
    assert "127.0.0.1:8000" in text


def test_no_proxy_example_passes_on_a_request_id_of_the_client() -> None:
    proxy = DEPLOY / "proxy"
    assert "proxy_set_header X-Request-ID $request_id;" in (proxy / "nginx.conf").read_text()
    assert "header_up X-Request-ID {http.request.uuid}" in (proxy / "Caddyfile").read_text()
    traefik = yaml.safe_load((proxy / "traefik.yaml").read_text())["http"]
    assert "ium-headers" in traefik["routers"]["ium"]["middlewares"]
    # Traefik: an empty value removes the header.
    assert traefik["middlewares"]["ium-headers"]["headers"]["customRequestHeaders"] == {
        "X-Request-ID": ""
    }


def test_no_proxy_example_shows_the_metrics_to_the_outside() -> None:
    proxy = DEPLOY / "proxy"
    assert re.search(r"location = /metrics \{\s*return 404;", (proxy / "nginx.conf").read_text())
    assert re.search(r"^\trespond /metrics 404$", (proxy / "Caddyfile").read_text(), re.MULTILINE)
    traefik = yaml.safe_load((proxy / "traefik.yaml").read_text())["http"]
    assert traefik["routers"]["ium"]["rule"] == "Host(`ium.example.com`) && !Path(`/metrics`)"
