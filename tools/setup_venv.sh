#!/usr/bin/env bash
# Make .venv from the pinned constraints. A half-made .venv is removed first.
# VENV=without-pip makes it without ensurepip, as on systems that lack python3-venv's pip.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

if ! command -v "$python" >/dev/null; then
    echo "$python not found: install Python 3.11 or newer, or name one: make setup PYTHON=python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: Python 3.11 or newer is needed, e.g. make setup PYTHON=python3.12" >&2
    exit 1
fi
rm -rf .venv
if [ "${VENV:-}" != without-pip ] && "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv .venv
else
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        echo "neither venv nor pip is here: install one, e.g. apt-get install python3-venv" >&2
        exit 1
    fi
    "$python" -m venv --without-pip .venv
fi
bash tools/install.sh -e '.[dev]'
touch .venv/.ready
