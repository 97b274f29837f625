#!/usr/bin/env bash
# clang-tidy-19 over the sources; every warning is an error.
#   scripts/lint.sh            every source
#   scripts/lint.sh --changed  those that differ from the merge base with origin/main, or from the
#                              commit before the last where that is the last; TRIMTAB_LINT_BASE
#                              names another commit
set -euo pipefail
cd "$(dirname "$0")/.."

lint_base() {
  if [ -n "${TRIMTAB_LINT_BASE:-}" ]; then
    echo "$TRIMTAB_LINT_BASE"
    return
  fi
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  if [ -n "$base" ] && [ "$base" != "$(git rev-parse HEAD)" ]; then
    echo "$base"
  else
    git rev-parse --verify -q HEAD~1 || git hash-object -t tree /dev/null
  fi
}

if [ "${1:-}" = --changed ]; then
  base=$(lint_base)
  sources=('src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'demo/*.cc' 'demo/*.h')
  mapfile -t changed < <(git diff --name-only --diff-filter=d "$base" -- "${sources[@]}"
    git ls-files --others --exclude-standard -- "${sources[@]}")
  files=()
  for file in "${changed[@]}"; do
    # A header is linted through the source of its own name.
    source=${file%.h}
    [ "$source" = "$file" ] || source+=.cc
    [ -f "$source" ] && files+=("$source")
  done
else
  mapfile -t files < <(git ls-files 'src/*.cc' 'tests/*.cc' 'demo/*.cc')
fi
# Its own folder: clang reads no precompiled header of another compiler.
cmake --preset release -B build/lint -DTRIMTAB_PRECOMPILED_HEADERS=OFF >/dev/null
database=build/lint/compile_commands.json
mapfile -t files < <(printf '%s\n' "${files[@]}" | sort -u |
  while read -r file; do
    if [ -n "$file" ] && grep -qF "/$file\"" "$database"; then echo "$file"; fi
  done)
if [ ${#files[@]} -eq 0 ]; then
  echo "no source to lint"
  exit 0
fi
echo "clang-tidy over ${#files[@]} sources"

lint_one() {
  # The path-sensitive analysis takes most of the time and finds little in tests.
  local checks=()
  [[ "$1" == *_test.cc ]] && checks=(--checks=-clang-analyzer-*)
  clang-tidy-19 -p build/lint --quiet "${checks[@]}" "$1" 2>/dev/null
}
export -f lint_one
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -I{} bash -c 'lint_one {}'
