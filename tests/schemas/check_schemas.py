#!/usr/bin/env python3
"""Validates real outputs of the program against docs/schemas.

    check_schemas.py --program build/release/trimtab [FILE.cases...]

Each line of a .cases file is `schema | command | document`. The command runs in an empty folder and
must exit with 0, or with 3 where it begins with `! 3`, as must each of several joined by ` && `;
"-" runs none. The document is a file made by it, JSON or YAML, or "-" for its standard output, that
of the last command. {source} is the source tree. Without files, every schema itself is checked too,
and that each has a case; bench.json, which `make bench` writes, is checked where it is there.
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import jsonschema
import yaml

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMAS = SOURCE / 'docs' / 'schemas'
WITHOUT_CASE = {'bench.json'}


def refuse_constant(name):
    raise ValueError(f'{name} is not JSON')


def read_document(text, name):
    if name.endswith(('.yaml', '.yml')):
        return yaml.safe_load(text)
    return json.loads(text, parse_constant=refuse_constant)


def validator_of(name):
    schema = json.loads((SCHEMAS / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    # A schema names another one as the file beside it.
    resolver = jsonschema.RefResolver((SCHEMAS / name).as_uri(), schema)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def problems_of(validator, document):
    return [f'at {error.json_path}: {error.message}'
            for error in sorted(validator.iter_errors(document), key=lambda e: e.json_path)[:10]]


def run_case(schema, command, place, program):
    """What is wrong with one case: a list of texts."""
    with tempfile.TemporaryDirectory() as folder:
        output = ''
        for each in [] if command == '-' else command.split(' && '):
            words = shlex.split(each.replace('{source}', str(SOURCE)))
            expected = 0
            if words[0] == '!':
                expected, words = int(words[1]), words[2:]
            done = subprocess.run([program, *words[1:]], cwd=folder, stdin=subprocess.DEVNULL,
                                  env={**os.environ, 'XDG_CACHE_HOME': folder},
                                  capture_output=True, text=True, timeout=600, check=False)
            if done.returncode != expected:
                return [f'exit code {done.returncode}: {done.stderr.strip()}']
            output = done.stdout
        if place != '-':
            path = pathlib.Path(folder, place.replace('{source}', str(SOURCE)))
            if not path.is_file():
                return [f'{place} was not written']
            output = path.read_text()
        try:
            document = read_document(output, place)
        except ValueError as error:
            return [f'not a document: {error}']
    return problems_of(validator_of(schema), document)


def cases_of(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith('#'):
            parts = [part.strip() for part in line.split('|')]
            if len(parts) != 3:
                sys.exit(f'{path.name}:{number}: expected schema | command | document')
            yield number, parts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--program', default=SOURCE / 'build/release/trimtab')
    parser.add_argument('files', nargs='*', type=pathlib.Path)
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    checked, failures, with_case = 0, 0, set(WITHOUT_CASE)
    for path in arguments.files or sorted(pathlib.Path(__file__).parent.glob('*.cases')):
        for number, (schema, command, place) in cases_of(path):
            checked += 1
            with_case.add(schema)
            problems = run_case(schema, command, place, program)
            failures += bool(problems)
            for problem in problems:
                print(f'{path.name}:{number}: {schema}: {problem}')
    if not arguments.files:
        for schema in sorted(path.name for path in SCHEMAS.glob('*.json')):
            validator_of(schema)
            if schema not in with_case:
                failures += 1
                print(f'{schema}: has no case in tests/schemas')
        results = SOURCE / 'build/bench/results.json'
        if results.is_file():
            checked += 1
            for problem in problems_of(validator_of('bench.json'), json.loads(results.read_text())):
                failures += 1
                print(f'{results}: {problem}')
    print(f'{checked} documents, {failures} do not fit')
    return 1 if failures or not checked else 0


if __name__ == '__main__':
    sys.exit(main())
