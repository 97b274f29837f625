"""For comparisons written as Python scripts: processor time of programs, and the line they print."""
import json
import resource
import statistics
import subprocess


def processor_seconds(words, **options):
    """Runs a program to its end and returns its processor time and standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True,
                          text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


def compare(what, unit, peer_name, ours, peer, rounds=3):
    """Calls `ours` and `peer` in turn; each returns a rate (higher is better). Prints the medians."""
    our_rates, peer_rates = [], []
    for _ in range(rounds):
        our_rates.append(ours())
        peer_rates.append(peer())
    report(what, unit, peer_name, statistics.median(our_rates), statistics.median(peer_rates))


def report(what, unit, peer_name, ours, peer):
    print(json.dumps({'what': what, 'unit': unit, 'peerName': peer_name, 'ours': ours,
                      'peer': peer, 'ratio': ours / peer}), flush=True)
