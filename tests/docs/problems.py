"""What the checks of the documentation have in common: their one option and their answer."""
import argparse
import pathlib
import sys


def report(description, problems):
    """Prints what `problems(root)` yields; the process fails when that is anything."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--source-dir", type=pathlib.Path, required=True)
    found = list(problems(parser.parse_args().source_dir.resolve()))
    print("\n".join(found))
    sys.exit(1 if found else 0)
