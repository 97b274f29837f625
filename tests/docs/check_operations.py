"""What docs/operations.md says is what there is: tests, conditions, reasons, metrics, alerts.

usage: check_operations.py --source-dir DIR
"""
import re

from problems import report

TEST = re.compile(r"^\s*TEST(?:_[FP])?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
# The stable word that a reason begins with, and what a condition is made of.
REASON = re.compile(r'"([A-Z][a-z][A-Za-z]+)(?:: [^"]*)?"')
# Where reasons of workloads and conditions of an AppScaler are made.
SOURCES = (
    "src/trimtab/operator/scaler_conditions.cc",
    "src/trimtab/cluster/workload_reading.cc",
    "src/trimtab/cluster/change_check.cc",
    "src/trimtab/cluster/cluster_tending.cc",
    "src/trimtab/cluster/cluster_actuator.cc",
)
# Of other objects of Kubernetes, and values of a condition.
FOREIGN = {
    "CrashLoopBackOff", "Deployment", "ErrImagePull", "False", "FieldManager", "ImagePullBackOff", "Insufficient",
    "OnDelete", "PodScheduled", "ReplicaFailure", "StatefulSet", "True", "Unknown",
}


def existing_tests(root):
    """The names of all tests, and of what they belong to."""
    names = set()
    for folder in ("src", "tests"):
        for source in (root / folder).rglob("*_test.cc"):
            for pair in TEST.findall(source.read_text()):
                names.update(pair)
    return names


def named_tests(text):
    """Line and name of every test in the last column of a table whose head ends with Test."""
    is_table_of_tests = False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            is_table_of_tests = False
            continue
        last = line.strip().strip("|").split("|")[-1]
        if last.strip() == "Test":
            is_table_of_tests = True
        elif is_table_of_tests and not last.strip().startswith("---"):
            for name in re.findall(r"`(\w+)`", last) or [""]:
                yield number, name


def problems(root):
    page = root / "docs" / "operations.md"
    text = page.read_text()
    tests = existing_tests(root)
    rows = set()
    for line, name in named_tests(text):
        rows.add(line)
        if name not in tests:
            yield f"{page.name}:{line}: no test '{name}'"
    if len(rows) < 25:
        yield f"{page.name}: fewer than 25 rows name a test"

    told = set(re.findall(r"`(\w+)`", text))
    for source in SOURCES:
        for reason in sorted(set(REASON.findall((root / source).read_text())) - FOREIGN - told):
            yield f"{page.name}: says nothing of '{reason}' of {source}"
    metrics = (root / "src/trimtab/telemetry/own_metrics.cc").read_text()
    for metric in re.findall(r'"(trimtab_\w+)"', metrics):
        if metric not in told:
            yield f"{page.name}: says nothing of the metric '{metric}'"
    alerts = (root / "deploy/helm/trimtab/files/alerts.yaml").read_text()
    for alert in re.findall(r"alert: (\w+)", alerts):
        if alert not in told:
            yield f"{page.name}: says nothing of the alert '{alert}'"


if __name__ == "__main__":
    report(__doc__, problems)
