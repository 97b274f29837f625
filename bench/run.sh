#!/usr/bin/env bash
# `make bench`: builds the benchmarks and the program, makes the environment of the Python peers,
# measures, prints one table and writes build/bench/results.json.
#   bench/run.sh [WORD...]     only what has one of the words in its name
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh bench trimtab trimtab_benchmarks
python=/usr/bin/python3
[ -x "$python" ] || python=python3
venv=build/bench/venv
if ! cmp -s bench/requirements.txt "$venv/installed.txt"; then
  rm -rf "$venv"
  "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r bench/requirements.txt
  cp bench/requirements.txt "$venv/installed.txt"
fi
exec "$venv/bin/python" bench/run.py --build build/bench "$@"
