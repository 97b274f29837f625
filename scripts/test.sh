#!/usr/bin/env bash
# Everything that CI runs, one step after another, with the time of each. A failed step does not
# stop the others; the last line counts tests: every test that ctest ran, and one for each step
# that is not ctest's.
#   scripts/test.sh [STEP...]     only these steps
set -uo pipefail
cd "$(dirname "$0")/.."

all_steps=(dependencies servers release layers format lint address_sanitizer thread_sanitizer fuzz)
steps=("${all_steps[@]}")
[ $# -gt 0 ] && steps=("$@")
logs=build/test-logs
mkdir -p "$logs"

step_dependencies() { scripts/install_dependencies.sh build test lint fuzz; }
step_servers() { scripts/build_servers.sh; }
step_release() {
  scripts/build.sh release all && ctest --preset release
}
step_layers() { python3 tests/layers/check_layers.py --source-dir .; }
step_format() { scripts/format.sh --check; }
step_lint() { scripts/lint.sh --changed; }
step_address_sanitizer() {
  scripts/build.sh asan trimtab_tests && ctest --preset asan
}
step_thread_sanitizer() {
  scripts/build.sh tsan trimtab_tests && ctest --preset tsan
}
step_fuzz() { tests/fuzz/run.sh --each 10; }

declare -A heading=(
  [dependencies]="packages"
  [servers]="the real servers that tests start"
  [release]="release build; unit, contract, golden, schema and fault tests"
  [layers]="layers: includes, order of the rooms, time and randomness"
  [format]="clang-format"
  [lint]="clang-tidy on changed files"
  [address_sanitizer]="address and undefined-behaviour sanitizers"
  [thread_sanitizer]="thread sanitizer"
  [fuzz]="fuzz targets, 10 s each from the stored corpus"
)

passed=0
failed=0
summary=""
for step in "${steps[@]}"; do
  if [ -z "${heading[$step]:-}" ]; then
    echo "unknown step '$step': ${all_steps[*]}" >&2
    exit 2
  fi
  printf '\n=== %s: %s\n' "$step" "${heading[$step]}"
  started=$SECONDS
  "step_$step" 2>&1 </dev/null | tee "$logs/$step.log"
  status=${PIPESTATUS[0]}
  took=$((SECONDS - started))
  # ctest closes with "98% tests passed, 1 tests failed out of 57".
  counts=$(sed -n 's/.*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' \
    "$logs/$step.log" | tail -n 1)
  if [ -n "$counts" ]; then
    read -r failed_here out_of <<<"$counts"
    if [ "$status" -ne 0 ] && [ "$failed_here" -eq 0 ]; then failed_here=1; fi
    passed=$((passed + out_of - failed_here))
    failed=$((failed + failed_here))
  elif [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  verdict=ok
  [ "$status" -eq 0 ] || verdict=FAILED
  summary+=$(printf '%-18s %-6s %4d s' "$step" "$verdict" "$took")$'\n'
  # Nothing can be built without the packages.
  if [ "$step" = dependencies ] && [ "$status" -ne 0 ]; then break; fi
done

printf '\n%s' "$summary"
printf 'total %31d s\n' "$SECONDS"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
