#!/usr/bin/env python3
"""Counts sibling pairs and graph classes of the four measured applications.

An oracle for src/trimtab/tracing: it shares no code with it and uses the standard library only.

    count_measured_traces.py FOLDER

prints one line an application and exits with 1 when a count is not the expected one. FOLDER holds
traceweaver/, nezha_trainticket/ and nezha_onlineboutique/. Without the folder it exits with 77,
which CTest reads as skipped.

Definitions. Connected spans of one service are one visit. Two visits of one caller that are
consecutive by start are a sibling pair; the pair is parallel when the second starts before the
first ends, both taken at the callee's topmost span.
"""

import collections
import csv
import gzip
import pathlib
import sys

# file: (sibling pairs, parallel pairs, adjacency topologies, unordered trees)
EXPECTED = {
    "traceweaver/hotel_reservation.csv.gz": (12_000, 0, 1, 1),
    "traceweaver/media_microservices.csv.gz": (24_000, 22_891, 1, 5),
    "nezha_trainticket/spans.csv.gz": (30_390, 151, 41, 44),
    "nezha_onlineboutique/spans.csv.gz": (172_140, 0, 8, 32),
}


def read_traces(path):
    """Returns {trace: {span: (parent, service, start, end)}}."""
    traces = collections.defaultdict(dict)
    with gzip.open(path, "rt", newline="") as file:
        reader = csv.DictReader(file)
        names = reader.fieldnames
        trace_name = "trace_id" if "trace_id" in names else "trace"
        span_name = "span_id" if "span_id" in names else "span"
        parent_name = "parent_span_id" if "parent_span_id" in names else "parent"
        for row in reader:
            start = int(row["start_us"])
            traces[row[trace_name]][row[span_name]] = (
                row[parent_name],
                row["service"],
                start,
                start + int(row["duration_us"]),
            )
    return traces


def top_of_visit(spans, span):
    """The topmost span of the visit that `span` belongs to."""
    while True:
        parent = spans[span][0]
        if parent not in spans or spans[parent][1] != spans[span][1]:
            return span
        span = parent


def callees_by_visit(spans):
    """Returns {topmost span of the caller, or None: [topmost spans of its callees]}."""
    callees = collections.defaultdict(list)
    for span, (parent, service, _, _) in spans.items():
        if parent in spans and spans[parent][1] == service:
            continue
        callees[top_of_visit(spans, parent) if parent in spans else None].append(span)
    return callees


def unordered_tree(spans, callees, top):
    return (
        spans[top][1],
        tuple(sorted(unordered_tree(spans, callees, callee) for callee in callees[top])),
    )


def count(path):
    pairs = parallel = 0
    adjacency = set()
    trees = set()
    for spans in read_traces(path).values():
        callees = callees_by_visit(spans)
        edges = set()
        for caller in [caller for caller in callees if caller is not None]:
            siblings = sorted(callees[caller], key=lambda span: spans[span][2:])
            edges.update((spans[caller][1], spans[callee][1]) for callee in siblings)
            for first, second in zip(siblings, siblings[1:]):
                pairs += 1
                parallel += spans[second][2] < spans[first][3]
        adjacency.add(frozenset(edges))
        trees.add(tuple(unordered_tree(spans, callees, root) for root in callees[None]))
    return pairs, parallel, len(adjacency), len(trees)


def main():
    folder = pathlib.Path(sys.argv[1])
    if not folder.is_dir():
        print(f"skipped: no recordings at {folder}")
        return 77
    failed = 0
    for name, expected in EXPECTED.items():
        found = count(folder / name)
        verdict = "ok" if found == expected else f"EXPECTED {expected}"
        print(f"{name}: pairs, parallel, topologies, trees = {found} {verdict}")
        failed |= found != expected
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
