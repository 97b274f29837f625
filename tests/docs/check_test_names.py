"""Every test that docs/operations.md names in a column called Test exists.

usage: check_test_names.py --source-dir DIR
"""
import argparse
import pathlib
import re
import sys

TEST = re.compile(r"^\s*TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)


def existing(root):
    """The names of all tests, and of what they belong to."""
    names = set()
    for folder in ("src", "tests"):
        for source in (root / folder).rglob("*_test.cc"):
            for pair in TEST.findall(source.read_text()):
                names.update(pair)
    return names


def named(document):
    """Line and name of every test in the last column of a table whose head ends with Test."""
    is_table_of_tests = False
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if not line.startswith("|"):
            is_table_of_tests = False
            continue
        last = line.strip().strip("|").split("|")[-1]
        if last.strip() == "Test":
            is_table_of_tests = True
        elif is_table_of_tests and not last.strip().startswith("---"):
            names = re.findall(r"`(\w+)`", last)
            for name in names or [""]:
                yield number, name


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source-dir", type=pathlib.Path, required=True)
    root = parser.parse_args().source_dir.resolve()
    document = root / "docs" / "operations.md"
    tests = existing(root)
    found = list(named(document))
    wrong = [f"{document.name}:{line}: no test '{name}'" for line, name in found if name not in tests]
    if len({line for line, _ in found}) < 25:
        wrong.append(f"{document.name}: fewer than 25 rows name a test")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
