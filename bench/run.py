#!/usr/bin/env python3
"""Gathers every measurement into one table and one JSON file.

    bench/run.py --build build/bench [WORD...]     only what has one of the words in its name

Three kinds, in this order: comparison programs (build/comparisons.txt), comparison scripts
(bench/*_comparison.py), Google Benchmark binaries (build/benchmarks.txt), which have no peer.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent
KEYS = {'what', 'unit', 'peerName', 'ours', 'peer', 'ratio'}


def run(words, build):
    environment = {**os.environ, 'PYTHONPATH': str(BENCH), 'TRIMTAB_BUILD': str(build)}
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          cwd=BENCH.parent, env=environment, check=False)
    if done.returncode != 0:
        print(f'FAILED ({done.returncode}): {" ".join(map(str, words))}', file=sys.stderr)
        return None
    return done.stdout


def comparison_rows(words, build):
    output = run(words, build)
    if output is None:
        return None
    rows = [json.loads(line) for line in output.splitlines() if line.startswith('{')]
    for row in rows:
        if set(row) != KEYS:
            raise SystemExit(f'{words}: a line has the keys {sorted(row)}, expected {sorted(KEYS)}')
    return rows


def benchmark_rows(binary, build):
    output = run([binary, '--benchmark_format=json', '--benchmark_min_time=0.2'], build)
    if output is None:
        return None
    rows = []
    for entry in json.loads(output)['benchmarks']:
        if 'items_per_second' in entry:
            ours, unit = entry['items_per_second'], 'items/s'
        else:
            scale = {'ns': 1e-9, 'us': 1e-6, 'ms': 1e-3, 's': 1}[entry['time_unit']]
            ours, unit = 1 / (entry['cpu_time'] * scale), 'calls/s'
        rows.append({'what': entry['name'], 'unit': unit, 'peerName': None, 'ours': ours,
                     'peer': None, 'ratio': None})
    return rows


def tasks(build, words):
    def wanted(name):
        return not words or any(word in name for word in words)

    for line in (build / 'comparisons.txt').read_text().split():
        if wanted(pathlib.Path(line).name):
            yield pathlib.Path(line).name, lambda line=line: comparison_rows([line], build)
    for script in sorted(BENCH.glob('*_comparison.py')):
        if wanted(script.name):
            yield script.name, lambda script=script: comparison_rows([sys.executable, script],
                                                                     build)
    for line in (build / 'benchmarks.txt').read_text().split():
        if wanted(pathlib.Path(line).name):
            yield pathlib.Path(line).name, lambda line=line: benchmark_rows(line, build)


def short(value):
    if value is None:
        return '-'
    for scale, suffix in ((1e9, ' G'), (1e6, ' M'), (1e3, ' k')):
        if value >= scale:
            return f'{value / scale:.3g}{suffix}'
    return f'{value:.3g}'


def print_table(rows):
    header = ['what', 'ours', 'peer', 'ratio', 'unit', 'peer is']
    lines = [header] + [[row['what'], short(row['ours']), short(row['peer']),
                         '-' if row['ratio'] is None else f"{row['ratio']:.2f}", row['unit'],
                         row['peerName'] or '-'] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    right = {1, 2, 3}
    for line in lines:
        print('  '.join(text.rjust(width) if column in right else text.ljust(width)
                        for column, (text, width) in enumerate(zip(line, widths))).rstrip())


def machine():
    model = 'unknown'
    for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines():
        if line.startswith('model name'):
            model = line.split(':', 1)[1].strip()
            break
    return {'processor': model, 'cores': os.cpu_count()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('words', nargs='*')
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    rows, failed = [], []
    for name, measure in tasks(build, arguments.words):
        print(f'measuring {name}', file=sys.stderr)
        measured = measure()
        if measured is None:
            failed.append(name)
        else:
            rows += measured
    commit = subprocess.run(['git', 'describe', '--always', '--dirty', '--abbrev=12',
                             '--exclude=*'], cwd=BENCH.parent, stdout=subprocess.PIPE, text=True,
                            check=False).stdout.strip() or 'unknown'
    results = build / 'results.json'
    results.with_suffix('.tmp').write_text(json.dumps(
        {'commit': commit, 'machine': machine(), 'rows': rows, 'failed': failed}, indent=2) + '\n')
    results.with_suffix('.tmp').replace(results)
    print_table(rows)
    print(f'\nwritten to {results.relative_to(BENCH.parent)}', file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
