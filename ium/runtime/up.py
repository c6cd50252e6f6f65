"""`./ium.sh up`: the whole system in one terminal."""

import json
import time
from collections.abc import Mapping
from pathlib import Path

from ium.runtime import checks, environment
from ium.runtime.config import Config
from ium.runtime.embedded_valkey import Broker, embedded_broker
from ium.runtime.errors import OperatorError, Stopped
from ium.runtime.guardian import Guardian
from ium.runtime.lock import FolderLock
from ium.runtime.output import as_json, report, say, timed
from ium.runtime.probes import http_answer
from ium.runtime.secret_store import load_secrets
from ium.runtime.services import (
    MANAGE,
    beat_service,
    broker_service,
    crowd_service,
    jira_service,
    static_state,
    web_service,
    worker_services,
)
from ium.runtime.stop_signals import StopSignals
from ium.runtime.supervisor import Supervisor, Task

# Seconds until everything works together: the first sweep must have run, Jira must have answered.
READY_WITHIN = 90.0
# Without the demo an administrator has yet to enter Jira's address: no use in waiting long.
READY_WITHIN_WITHOUT_DEMO = 15.0


def up(config: Config) -> int:
    """Start everything and stay until a stop is asked for; answers the exit code."""
    as_json(config.json_logs)
    checks.prepare_folder(config.data)
    checks.check_file_system(config)
    signals = StopSignals()
    lock = FolderLock(config.data)
    lock.take()
    guardian = Guardian(keep_open=lock.fileno())
    try:
        return _run(config, signals, guardian)
    finally:
        environment.forget(config.data)
        guardian.close()
        lock.release()


def _run(config: Config, signals: StopSignals, guardian: Guardian) -> int:
    checks.check_ports(config)
    secrets = load_secrets(config.data)
    own_broker = (
        None if config.broker_url else embedded_broker(config.data, secrets.broker_password)
    )
    variables = environment.build_environment(config, secrets, own_broker)
    variables = environment.python_path(variables)
    environment.remember(config.data, variables)
    supervisor = Supervisor(
        environment=variables, logs=config.logs, signals=signals, guardian=guardian
    )
    try:
        _start_and_watch(config, supervisor, own_broker)
    except Stopped:
        pass
    finally:
        say("Stopping")
        with timed("stopped"):
            supervisor.stop()
    return 0


def _start_and_watch(config: Config, supervisor: Supervisor, broker: Broker | None) -> None:
    began = time.monotonic()
    say(f"IUM starts with the data in {config.data}")
    login = _start(config, supervisor, broker)
    supervisor.restart_from_now()
    trouble = _wait_until_ready(config, supervisor)
    if config.demo and config.crowd:
        supervisor.start(crowd_service())
    report("in all", time.monotonic() - began)
    _announce(config, login, trouble)
    supervisor.watch()


def _start(config: Config, supervisor: Supervisor, broker: Broker | None) -> dict[str, str]:
    """Start all services in order; answers the administrator's login of the demo."""
    first = [broker_service(broker)] if broker else []
    supervisor.start(*first, *([jira_service(config)] if config.demo else []))
    static = _begin_static(config, supervisor)
    with timed("database"):
        supervisor.run("migrate", (*MANAGE, "migrate", "--noinput"))
    login: dict[str, str] = {}
    if config.demo:
        with timed("demo data"):
            login = _login_of(supervisor.run("demo_setup", (*MANAGE, "demo_setup")))
    if static:
        with timed("static files"):
            supervisor.finish(static)
        _static_stamp(config).write_text(static_state())
    supervisor.start(*worker_services(), beat_service(), web_service(config))
    return login


def _begin_static(config: Config, supervisor: Supervisor) -> Task | None:
    """Copy style sheets and scripts to where the web server looks, if any has changed."""
    stamp = _static_stamp(config)
    known = stamp.read_text() if stamp.exists() and (config.data / "static").is_dir() else ""
    if known == static_state():
        return None
    # While the database is made ready: the second processor has nothing else to do.
    command = (*MANAGE, "collectstatic", "--noinput", "--verbosity", "0")
    return supervisor.begin("collectstatic", command)


def _static_stamp(config: Config) -> Path:
    return config.data / "static.sha256"


def _login_of(output: str) -> dict[str, str]:
    """The last line of `demo_setup`."""
    try:
        found = json.loads(output.strip().splitlines()[-1])
        return {name: str(found[name]) for name in ("admin_login", "admin_password")}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise OperatorError(
            "demo_setup did not end with the administrator's login as JSON:",
            *output.splitlines()[-5:],
        ) from error


def _wait_until_ready(config: Config, supervisor: Supervisor) -> str:
    """Wait for /readyz; answers what is still amiss when time is up, or nothing."""
    last = ["no answer"]

    def ready() -> bool:
        status, text = http_answer(f"{config.url}/readyz", config.host)
        last[0] = f"{status} {text.strip()}"
        return status == 200

    within = READY_WITHIN if config.demo else READY_WITHIN_WITHOUT_DEMO
    with timed("ready"):
        return "" if supervisor.wait_for(ready, within, every=0.25) else last[0]


def _announce(config: Config, login: Mapping[str, str], trouble: str) -> None:
    url = config.public_url
    say()
    if trouble:
        say(f"IUM runs, but {config.url}/readyz does not say that all is well: {trouble}")
    admin = f"{url}/admin/"
    if login:
        admin += f"   login {login['admin_login']}, password {login['admin_password']}"
    say(f"  Queue page      {url}/")
    say(f"  Administration  {admin}")
    say(f"  API             {url}/api/docs/")
    if config.demo:
        say(f"  Simulated Jira  {config.simulator_url}/")
    say(f"  Logs            {config.logs}")
    say()
    say(_look_first(config))
    say("Ctrl-C stops everything.")


def _look_first(config: Config) -> str:
    if config.demo:
        who = "sign in as somebody without a slot and open an issue"
        return f"Look first at {config.simulator_url}/: {who}."
    account = "after making an account: ./ium.sh manage createsuperuser"
    return f"Look first at {config.public_url}/admin/ to enter Jira's address ({account})."
