#!/usr/bin/env bash
# Install into .venv under the pins, with its own pip or, if it has none, the system's.
set -euo pipefail
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1
if .venv/bin/python -m pip --version >/dev/null 2>&1; then
    pip=(.venv/bin/python -m pip)
else
    pip=("${PYTHON:-python3}" -m pip --python .venv/bin/python)
fi
"${pip[@]}" install --quiet --constraint constraints.txt "$@"
