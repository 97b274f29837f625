"""Every file that the documentation names exists: relative links, and paths in backticks.

usage: check_links.py --source-dir DIR
"""
import re

from problems import report

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"")
PATH = re.compile(r"`((?:src|docs|scenarios|tests|bench|scripts|cmake)/[A-Za-z0-9_./-]*[A-Za-z0-9_/])`")


def documents(root):
    yield from root.glob("*.md")
    yield from (root / "docs").rglob("*.md")
    yield from (root / "src").rglob("*.md")
    yield from (root / "tests").rglob("*.md")
    yield from (root / "bench").rglob("*.md")


def problems(root):
    for document in sorted(documents(root)):
        for number, line in enumerate(document.read_text().splitlines(), 1):
            targets = [(document.parent / (a or b), a or b) for a, b in LINK.findall(line)]
            targets += [(root / path, path) for path in PATH.findall(line)]
            for target, text in targets:
                if "://" in text or text.startswith("mailto:"):
                    continue
                if not target.exists():
                    yield f"{document.relative_to(root)}:{number}: '{text}' does not exist"


if __name__ == "__main__":
    report(__doc__, problems)
