#!/usr/bin/env bash
# Prints how long `trimtab version` takes beyond an empty C++ program, the median of 201 starts each,
# taken alternately. The promise is 5 ms; no test depends on it.
set -euo pipefail
program=${1:-build/release/trimtab}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 'int main() {}' | g++ -O2 -x c++ -o "$folder/empty" -
python3 - "$program" "$folder/empty" <<'PYTHON'
import statistics, subprocess, sys, time
def start(words):
    begin = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin
ours, empty = [], []
for _ in range(201):
    ours.append(start([sys.argv[1], 'version']))
    empty.append(start([sys.argv[2]]))
ours, empty = statistics.median(ours) * 1e3, statistics.median(empty) * 1e3
print(f'version {ours:.2f} ms, empty program {empty:.2f} ms, difference {ours - empty:.2f} ms')
PYTHON
