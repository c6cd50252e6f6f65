"""What `ium.sh` calls once Python and the packages are there."""

import argparse
import os
import sys
from collections.abc import Sequence

from ium.runtime.errors import OperatorError
from ium.runtime.output import warn


def main(arguments: Sequence[str]) -> int:
    """Run one of ium.sh's commands; answers the exit code."""
    command, *rest = arguments
    try:
        return COMMANDS[command](rest)
    except OperatorError as problem:
        warn(f"Error: {problem}")
        return 1
    except KeyboardInterrupt:
        return 130


def _up(arguments: list[str]) -> int:
    from ium.runtime.config import read_config
    from ium.runtime.up import up

    parser = argparse.ArgumentParser(prog="ium.sh up", description="Start the whole system.")
    parser.add_argument("--data", metavar="FOLDER", help="where the data is kept (default: ./data)")
    return up(read_config(os.environ, parser.parse_args(arguments).data))


def _manage(arguments: list[str]) -> int:
    from ium.runtime.manage import manage

    # Only in front: behind the command's name, options are the command's own.
    data = None
    if arguments and arguments[0].startswith("--data="):
        data = arguments.pop(0).removeprefix("--data=")
    elif len(arguments) > 1 and arguments[0] == "--data":
        data, arguments = arguments[1], arguments[2:]
    manage(arguments, data)
    return 0


def _test(arguments: list[str]) -> int:
    from ium.runtime.testing import run_tests

    return run_tests(arguments)


def _lint(arguments: list[str]) -> int:
    from ium.runtime.lint import lint

    _takes_nothing("lint", arguments)
    return lint()


def _bench(arguments: list[str]) -> int:
    from ium.runtime.testing import run_bench

    return run_bench(arguments)


def _docs(arguments: list[str]) -> int:
    from ium.runtime.manual import docs

    return docs(arguments)


def _licences(arguments: list[str]) -> int:
    from ium.runtime.supply.licences import write_page

    _takes_nothing("licences", arguments)
    write_page()
    return 0


def _sbom(arguments: list[str]) -> int:
    from ium.runtime.supply.sbom import main

    return main(arguments)


def _audit(arguments: list[str]) -> int:
    from ium.runtime.supply.audit import audit

    _takes_nothing("audit", arguments)
    return audit()


def _takes_nothing(command: str, arguments: list[str]) -> None:
    if arguments:
        raise OperatorError(f"{command} takes no arguments, but was given: {' '.join(arguments)}")


def _serve(arguments: list[str]) -> int:
    from ium.runtime.serve import serve

    if len(arguments) != 1:
        raise OperatorError("serve takes one part: prepare, web, worker, jira-worker or beat.")
    serve(arguments[0])
    return 0


def _secrets(arguments: list[str]) -> int:
    from ium.runtime.secret_store import make_secrets

    if arguments:
        from ium.runtime.rotation import rotation

        rotation(arguments, dict(os.environ))
        return 0
    made = make_secrets()
    sys.stdout.write(f"IUM_SECRET_KEY={made.secret_key}\n")
    sys.stdout.write(f"IUM_ENCRYPTION_KEYS={made.encryption_keys}\n")
    return 0


COMMANDS = {
    "up": _up,
    "serve": _serve,
    "secrets": _secrets,
    "manage": _manage,
    "test": _test,
    "lint": _lint,
    "bench": _bench,
    "docs": _docs,
    "licences": _licences,
    "sbom": _sbom,
    "audit": _audit,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
