#!/usr/bin/env python3
"""Checks the rules of the rooms under src/trimtab and names every breach as file:line.

    check_layers.py [--source-dir DIR]

 1. A file includes only its own room and the rooms in that room's DEPS; tests, benchmarks, fuzzers
    and testing/ folders also those in TEST_DEPS.
 2. DEPS names only rooms listed above the room in src/trimtab/CMakeLists.txt; with that there is no
    cycle. A cycle is named all the same.
 3. `simulation` and `kubernetes` never see each other, directly or through other rooms; `kubelet`,
    which runs the one as nodes of the other, and `cli` see both.
 4. Time and randomness are arguments: the real clock, sleeping and the system's random numbers only
    in clock/, cli/ and benchmarks.
 5. Every room has a README.md.
 6. A type's name is defined in one room only: all rooms share the namespace `trimtab`, and of two
    types of one name the linker takes either, silently.
"""
import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]trimtab/([^">]+)[">]')
COMPONENT = re.compile(r'trimtab_component\(\s*([a-z_0-9]+)([^)]*)\)')
KEYWORDS = {'SOURCES', 'TESTS', 'BENCHMARKS', 'COMPARISONS', 'FUZZERS', 'DEPS', 'TEST_DEPS', 'EXTERNAL'}
REAL_WORLD = re.compile(r'\b(steady_clock|system_clock|high_resolution_clock|sleep_for|sleep_until'
                        r'|random_device|clock_gettime|gettimeofday|usleep|nanosleep)\b'
                        r'|(?<![\w.:>])(?:std::)?(?:s?rand|time)\s*\((?:\s*\)|\s*(?:nullptr|NULL|0)\s*\))')
REAL_WORLD_ROOMS = {'clock', 'cli'}
APART = ('simulation', 'kubernetes')
SEE_BOTH = ('kubelet', 'cli')


class Room:
    """One trimtab_component: its folder and what it declares."""

    def __init__(self, name, folder, arguments):
        self.name = name
        self.folder = folder
        self.lists = {keyword: [] for keyword in KEYWORDS}
        keyword = None
        for word in arguments.split():
            if word in KEYWORDS:
                keyword = word
            elif keyword:
                self.lists[keyword].append(word)

    @property
    def deps(self):
        return self.lists['DEPS']

    @property
    def test_deps(self):
        return self.lists['TEST_DEPS']


def without_comments(text):
    """The text with comments and string literals blanked; line numbers stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
    return pattern.sub(lambda match: re.sub(r'[^\n]', ' ', match.group()), text)


# Literals and comments; a raw literal before the others, since it may hold quotes.
LITERAL = re.compile(r'R"([^()\\ ]{0,16})\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
                     r"|'(?:\\.|[^'\\\n])'|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)
NAMESPACE = re.compile(r'\bnamespace(?:\s+([\w:]+))?\s*$')
TYPE = re.compile(r'(?:^|[\s>])(?:struct|class|union|enum(?:\s+class|\s+struct)?)\s+'
                  r'(?:\[\[[^\]]*\]\]\s*)?(?:[A-Z][A-Z_0-9]+\s+)?([A-Za-z_]\w*)'
                  r'(\s*<[^{}]*>)?(?:\s+final)?(?:\s*:[^{}]*)?\s*$')


def types_of(text):
    """(namespace::Name, line) of every type that the text defines where other files can see it."""
    text = LITERAL.sub(lambda match: re.sub(r'[^\n]', ' ', match.group()), text)
    scopes, head = [], 0
    for match in re.finditer(r'[{};]', text):
        before, head = text[head:match.start()], match.end()
        if match.group() == '}' and scopes:
            scopes.pop()
        if match.group() != '{':
            continue
        opens = NAMESPACE.search(before)
        if opens:
            scopes.append(opens.group(1) or '(anonymous)')
            continue
        defines = TYPE.search(before)
        # A specialisation, Name<...>, is a definition of its own; None is a scope within one.
        if defines and not defines.group(2) and '(' not in before and not {
                None, '(anonymous)'} & set(scopes):
            line = text.count('\n', 0, match.start()) + 1
            yield '::'.join([*scopes, defines.group(1)]), line
        scopes.append(None)


def read_rooms(root):
    """Rooms by name, and the order of src/trimtab/CMakeLists.txt."""
    listing = re.sub(r'#[^\n]*', '', (root / 'CMakeLists.txt').read_text())
    order = re.search(r'foreach\(room IN ITEMS([^)]*)\)', listing).group(1).split()
    rooms = {}
    for path in sorted(root.rglob('CMakeLists.txt')):
        text = re.sub(r'#[^\n]*', '', path.read_text())
        for name, arguments in COMPONENT.findall(text):
            rooms[name] = Room(name, path.parent, arguments)
    return rooms, order


def room_of(rooms, path):
    """The room whose folder holds the path, the deepest first."""
    best = None
    for room in rooms.values():
        if room.folder in path.parents:
            if best is None or len(room.folder.parts) > len(best.folder.parts):
                best = room
    return best


def is_test(path):
    return path.stem.endswith(('_test', '_benchmark', '_comparison', '_fuzz')) or 'testing' in path.parts


def find_cycle(rooms):
    done, trail = set(), []

    def visit(name):
        if name in trail:
            return trail[trail.index(name):] + [name]
        if name in done or name not in rooms:
            return None
        trail.append(name)
        for dep in rooms[name].deps:
            cycle = visit(dep)
            if cycle:
                return cycle
        trail.pop()
        done.add(name)
        return None

    for name in sorted(rooms):
        cycle = visit(name)
        if cycle:
            return cycle
    return None


def closure(rooms, name):
    seen, todo = set(), [name]
    while todo:
        for dep in rooms[todo.pop()].deps:
            if dep in rooms and dep not in seen:
                seen.add(dep)
                todo.append(dep)
    return seen


def check_declarations(root, rooms, order):
    problems = []
    rank = {name: position for position, name in enumerate(order)}
    for room in rooms.values():
        where = (room.folder / 'CMakeLists.txt').relative_to(root.parent.parent)
        folder = room.folder.relative_to(root).parts[0]
        for dep in room.deps:
            if dep not in rooms:
                problems.append(f"{where}: room '{room.name}' depends on '{dep}', which is no room")
                continue
            dep_folder = rooms[dep].folder.relative_to(root).parts[0]
            if dep_folder != folder and rank.get(dep_folder, -1) > rank.get(folder, len(order)):
                problems.append(f"{where}: room '{room.name}' depends on '{dep}', a room below it")
        if room.name in APART:
            other = APART[1 - APART.index(room.name)]
            if other in closure(rooms, room.name):
                problems.append(f"{where}: room '{room.name}' reaches '{other}': only "
                                f"{' and '.join(SEE_BOTH)} may see both")
        if not (room.folder / 'README.md').is_file():
            problems.append(f"{where.parent}: room '{room.name}' has no README.md")
    for room in rooms.values():
        if room.name not in SEE_BOTH and set(APART) <= closure(rooms, room.name):
            where = (room.folder / 'CMakeLists.txt').relative_to(root.parent.parent)
            problems.append(f"{where}: room '{room.name}' sees both {APART[0]} and {APART[1]}")
    cycle = find_cycle(rooms)
    if cycle:
        problems.append('cycle of rooms: ' + ' -> '.join(cycle))
    return problems


def check_file(root, rooms, path):
    problems = []
    where = path.relative_to(root.parent.parent)
    room = room_of(rooms, path)
    if room is None:
        return [f'{where}:1: belongs to no room']
    text = path.read_text()
    allowed = {room.name, *room.deps}
    if is_test(path.relative_to(root)):
        allowed |= set(room.test_deps)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = root / match.group(1)
        other = room_of(rooms, target)
        if not target.is_file() and not target.with_suffix(target.suffix + '.in').is_file():
            problems.append(f'{where}:{number}: includes "trimtab/{match.group(1)}", which does not '
                            'exist')
        elif other and other.name not in allowed:
            problems.append(f'{where}:{number}: includes "trimtab/{match.group(1)}" of room '
                            f"'{other.name}', which the DEPS of '{room.name}' do not name")
    if room.name not in REAL_WORLD_ROOMS and not path.stem.endswith(('_benchmark',
                                                                           '_comparison')):
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            match = REAL_WORLD.search(line)
            if match:
                problems.append(f"{where}:{number}: '{match.group().strip()}' outside clock/, cli/ "
                                'and benchmarks: time and randomness are arguments')
    return problems


def check_types(root, rooms, files):
    """Every type that a second room defines, with both places."""
    problems, first = [], {}
    for path in files:
        room = room_of(rooms, path)
        # A test's own types are linked into the binary of its room alone.
        if room is None or path.stem.endswith(('_test', '_benchmark', '_comparison', '_fuzz')):
            continue
        for name, line in types_of(path.read_text()):
            where = f'{path.relative_to(root.parent.parent)}:{line}'
            other_room, other = first.setdefault(name, (room.name, where))
            if other_room != room.name:
                problems.append(f"{where}: type '{name}' is also defined in room '{other_room}', "
                                f'{other}')
    return problems


def check(source_dir):
    root = pathlib.Path(source_dir).resolve() / 'src' / 'trimtab'
    rooms, order = read_rooms(root)
    problems = check_declarations(root, rooms, order)
    files = sorted(path for path in root.rglob('*') if path.suffix in ('.h', '.cc'))
    for path in files:
        problems += check_file(root, rooms, path)
    problems += check_types(root, rooms, files)
    return problems, len(rooms), len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--source-dir', default='.')
    problems, rooms, files = check(parser.parse_args().source_dir)
    for problem in problems:
        print(problem)
    print(f'{rooms} rooms, {files} files, {len(problems)} breaches')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
