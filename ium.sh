#!/bin/sh
# IUM's one command: sets up what is missing in this folder (.tools, .venv), then does what was asked.
# It never clears the environment: proxies, certificate files and package indexes of this machine apply.
set -eu

UV_VERSION=0.13.9

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
venv=$root/.venv
python=

fail() {
    printf 'ium.sh: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '        %s\n' "$@" >&2
    exit 1
}

usage() {
    cat <<'TEXT'
Usage: ./ium.sh COMMAND [ARGUMENTS]

  up [--data DIR]              set up and start everything, with a simulated Jira; Ctrl-C stops it
  manage [--data DIR] ARGS     a management command with the environment of the running system
  serve PART                   one program in the foreground, for systemd and containers: prepare, web,
                               worker, jira-worker or beat (deploy/README.md)
  secrets                      prints new secrets for an installation
  secrets rotate|drop encryption|session [--data DIR]
                               new secrets for ./ium.sh up, without losing what the old ones guard
  test [--deep] [PYTEST ARGS]  all tests, on SQLite and then on PostgreSQL
  bench                        measurements, one JSON object per line
  docs [FOLDER]                the manual as a site, with search, in ./site or another folder
  lint                         style, types, imports, migrations, templates, API description
  licences                     docs/licences.md: what IUM is delivered with, and on which terms
  sbom [FILE]                  the same for machines: a CycloneDX list of parts with checksums
  audit                        known vulnerabilities, as far as the package indexes answer
  help                         this text

Data is kept in ./data unless --data or IUM_DATA says otherwise. docs/configuration.md lists all variables.
TEXT
}

# The first Python that is new enough. Without uv it must also be able to make virtual environments.
find_python() {
    for candidate in ${IUM_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        new_enough=$candidate
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            python=$candidate
            return 0
        fi
    done
    return 1
}

explain_python() {
    [ -z "${new_enough:-}" ] || fail "$new_enough cannot make virtual environments: its venv module is missing." \
        'Debian, Ubuntu:  sudo apt-get install python3-venv' \
        'Or install uv:   https://docs.astral.sh/uv/'
    fail 'no Python 3.11 or newer was found.' \
        'Debian, Ubuntu:  sudo apt-get install python3 python3-venv' \
        'Fedora:          sudo dnf install python3' \
        'macOS:           brew install python@3.13' \
        'Elsewhere:       set IUM_PYTHON to its path, or install uv: https://docs.astral.sh/uv/'
}

# uv of this machine, or one of our own. It is not put into .venv: a sync would take it out again.
find_uv() {
    uv=$(command -v uv) && return 0
    uv=$root/.tools/uv-$UV_VERSION/bin/uv
    [ -x "$uv" ] && return 0
    find_python || explain_python
    echo "Setting up: uv $UV_VERSION in .tools (once)" >&2
    new=$root/.tools/new.$$
    trap 'rm -rf "$new"' EXIT
    trap 'exit 130' INT TERM
    "$python" -m venv "$new" || fail 'the virtual environment for uv could not be made.'
    "$new/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" ||
        fail 'uv could not be installed with pip.' \
            'Behind a proxy set HTTPS_PROXY; for a package mirror set PIP_INDEX_URL.'
    # Another start may have been quicker; its copy is as good.
    mv "$new" "$root/.tools/uv-$UV_VERSION" 2>/dev/null || [ -x "$uv" ]
    trap - EXIT INT TERM
}

# Installs what uv.lock says into .venv, when that changed since the last time.
# "run" leaves the tools of developers out, "docs" adds those of the manual (neither removes any), "dev" is everything.
sync() {
    stamp=$venv/.ium-$1
    state=$(cd "$root" && cksum pyproject.toml uv.lock)
    [ -x "$venv/bin/python" ] && [ -r "$stamp" ] && [ "$(cat "$stamp")" = "$state" ] && return 0
    find_uv
    echo 'Setting up: the packages of uv.lock in .venv' >&2
    set -- "$1" --frozen --quiet --project "$root"
    case $1 in
        dev) set -- "$@" --all-groups ;;
        docs) set -- "$@" --no-dev --group docs --inexact ;;
        *) set -- "$@" --no-dev --inexact ;;
    esac
    # Only for a new environment: an existing one would be thrown away if its Python is another one.
    [ -x "$venv/bin/python" ] || [ -z "$python" ] || set -- "$@" --python "$(command -v "$python")"
    kind=$1
    shift
    UV_PROJECT_ENVIRONMENT=$venv "$uv" sync "$@" || fail 'the packages could not be installed (see above).'
    printf '%s\n' "$state" >"$stamp"
    [ "$kind" = run ] || cp "$stamp" "$venv/.ium-run"
    [ "$kind" != dev ] || cp "$stamp" "$venv/.ium-docs"
}

# -P: the folder this was called from must not shadow a module of ours.
runtime() {
    PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} exec "$venv/bin/python" -P -m ium.runtime "$@"
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
    up | manage | serve | secrets)
        sync run
        runtime "$command" "$@"
        ;;
    docs)
        sync docs
        runtime docs "$@"
        ;;
    test | lint | bench)
        sync dev
        runtime "$command" "$@"
        ;;
    licences | sbom | audit)
        sync dev
        find_uv
        runtime "$command" "$@"
        ;;
    help | -h | --help) usage ;;
    *)
        usage >&2
        fail "there is no command '$command'."
        ;;
esac
