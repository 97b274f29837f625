#!/usr/bin/env bash
# Prints how long `trimtab version` takes beyond an empty C++ program: 201 starts of each, taken
# alternately; the fastest of each counts, which a busy machine disturbs least. The promise is 5 ms;
# no test depends on it.
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
for name, of in (('fastest', min), ('median', statistics.median)):
    print(f'{name}: version {of(ours) * 1e3:.2f} ms, empty program {of(empty) * 1e3:.2f} ms, '
          f'difference {(of(ours) - of(empty)) * 1e3:.2f} ms')
PYTHON
