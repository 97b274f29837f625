#!/usr/bin/env bash
# Runs every libFuzzer target from its stored corpus, tests/corpus/<target>/.
#   tests/fuzz/run.sh --each SECONDS | --total SECONDS [TARGET...]
# New inputs go to build/fuzz/corpus/<target>/ and a crash to build/fuzz/crashes/; a crash worth
# keeping is copied into tests/corpus/<target>/ by hand, together with its fix.
set -uo pipefail
cd "$(dirname "$0")/../.."
mode=${1:-}
seconds=${2:-}
if ! [[ "$mode" =~ ^--(each|total)$ && "$seconds" =~ ^[0-9]+$ ]]; then
  sed -n '3s/^# *//p' "$0" >&2
  exit 2
fi
shift 2
scripts/build.sh asan trimtab_fuzzers || exit 1
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sort build/asan/fuzzers.txt)
[ "$mode" = --each ] || seconds=$((seconds / ${#targets[@]} + 1))
mkdir -p build/fuzz/crashes

fuzz_one() {
  local target=$1 seconds=$2
  local binary log=build/fuzz/$1.log
  binary=$(find build/asan/src -type f -name "$target" -perm -u+x)
  mkdir -p "build/fuzz/corpus/$target" "tests/corpus/$target"
  # libFuzzer writes what it finds into its first directory only.
  if "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$target-" \
    "build/fuzz/corpus/$target" "tests/corpus/$target" >"$log" 2>&1; then
    printf 'ok      %-28s %s inputs\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  else
    printf 'FAILED  %s\n' "$target"
    tail -n 30 "$log"
    return 1
  fi
}
export -f fuzz_one
printf '%s\n' "${targets[@]}" |
  xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {} '"$seconds"
