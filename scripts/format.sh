#!/usr/bin/env bash
# clang-format-19 over every C++ file.
#   scripts/format.sh           rewrites the files
#   scripts/format.sh --check   fails and names the lines that differ
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
if [ "${1:-}" = --check ]; then mode=(--dry-run -Werror); fi
git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' |
  xargs -0 -n 20 -P "$(nproc)" clang-format-19 --style=file "${mode[@]}"
