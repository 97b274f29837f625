#!/usr/bin/env python3
"""Runs the commands of golden files and compares exit code, stdout and stderr exactly.

    run_golden.py --program build/release/trimtab [--update] FILE.golden...

A golden file is a list of runs:

    # a comment
    $ trimtab version -o yaml      the command, without a shell; quotes group words
    < a line of standard input
    ! 2                            the exit code, 0 when not given
    > a line of stdout
    & a line of stderr
    ~ a regular expression that the stdout line must match whole

--update rewrites the file from what the commands print; a `~` line stays where it still matches.
Each file runs in an empty folder, {folder} in what a command prints; {source} in a command and in
what it prints is the source tree.
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


class Run:
    def __init__(self, command, number):
        self.command = command
        self.number = number
        self.stdin = []
        self.code = 0
        self.out = []  # (kind, text) with kind '>' or '~'
        self.err = []


def parse(text):
    """The runs, and for each line of the file the run it belongs to or None."""
    runs, layout = [], []
    for number, line in enumerate(text.splitlines(), 1):
        mark, rest = line[:1], line[2:]
        if mark == '$':
            runs.append(Run(rest, number))
            layout.append(runs[-1])
        elif mark == '' or mark == '#':
            layout.append(line)
        elif mark not in '<!>~&' or not runs:
            sys.exit(f'line {number}: begins with none of $ < ! > ~ & #')
        elif mark == '<':
            runs[-1].stdin.append(rest)
        elif mark == '!':
            runs[-1].code = int(rest)
        elif mark == '&':
            runs[-1].err.append(rest)
        else:
            runs[-1].out.append((mark, rest))
    return runs, layout


def execute(run, program, folder):
    words = shlex.split(run.command.replace('{source}', str(SOURCE)))
    if words[0] != 'trimtab':
        sys.exit(f"line {run.number}: runs '{words[0]}', not trimtab")
    environment = {**os.environ, 'LC_ALL': 'C.UTF-8', 'HOME': folder}
    for name in list(environment):
        if name.startswith(('TRIMTAB_', 'KUBE')) or name in ('POD_NAME', 'POD_NAMESPACE'):
            del environment[name]
    done = subprocess.run([program, *words[1:]], input='\n'.join([*run.stdin, '']) if run.stdin
                          else '', cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=300, check=False)

    def plain(text):
        return text.replace(str(SOURCE), '{source}').replace(folder, '{folder}')

    return done.returncode, plain(done.stdout), plain(done.stderr)


def matches(expected, line):
    kind, text = expected
    return re.fullmatch(text, line) is not None if kind == '~' else text == line


def differences(run, code, out, err):
    found = []
    if code != run.code:
        found.append(f'exit code {code}, expected {run.code}')
    lines = out.splitlines()
    for index in range(max(len(lines), len(run.out))):
        if index >= len(lines):
            found.append(f'stdout misses: {run.out[index][1]}')
        elif index >= len(run.out):
            found.append(f'stdout has more: {lines[index]}')
        elif not matches(run.out[index], lines[index]):
            found.append(f'stdout line {index + 1}: {lines[index]}\n'
                         f'         expected {run.out[index][0]} {run.out[index][1]}')
    if err.splitlines() != run.err:
        found.append('stderr: ' + '\n                '.join(err.splitlines() or ['(empty)'])
                     + '\n      expected: ' + '\n                '.join(run.err or ['(empty)']))
    return found


def rewrite(run, code, out, err):
    patterns = [text for kind, text in run.out if kind == '~']
    lines = [f'$ {run.command}'] + [f'< {line}' for line in run.stdin]
    if code != 0:
        lines.append(f'! {code}')
    for line in out.splitlines():
        pattern = next((text for text in patterns if re.fullmatch(text, line)), None)
        lines.append(f'~ {pattern}' if pattern else f'> {line}'.rstrip() if line else '>')
    return lines + [f'& {line}'.rstrip() for line in err.splitlines()]


def run_file(path, program, update):
    runs, layout = parse(path.read_text())
    failures = 0
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for run in runs:
            code, out, err = execute(run, program, folder)
            results[id(run)] = (code, out, err)
            found = [] if update else differences(run, code, out, err)
            failures += bool(found)
            for text in found:
                print(f'{path.name}:{run.number}: {run.command}\n      {text}')
    if update:
        lines = []
        for item in layout:
            lines += rewrite(item, *results[id(item)]) if isinstance(item, Run) else [item]
        path.write_text('\n'.join(lines) + '\n')
    print(f'{path.name}: {len(runs)} runs, {failures} differ')
    return failures if runs else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--program', default=SOURCE / 'build/release/trimtab')
    parser.add_argument('--update', action='store_true')
    parser.add_argument('files', nargs='*', type=pathlib.Path)
    arguments = parser.parse_args()
    files = arguments.files or sorted(pathlib.Path(__file__).parent.glob('*.golden'))
    program = str(pathlib.Path(arguments.program).resolve())
    return 1 if sum(run_file(path, program, arguments.update) for path in files) else 0


if __name__ == '__main__':
    sys.exit(main())
