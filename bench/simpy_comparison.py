#!/usr/bin/env python3
"""The simulation against SimPy 4: five M/M/2 stations in a row, offered 70 % of their capacity.

The same queueing network on both sides, counted alike: an event is one arrival or one departure,
six a customer. Two rows: the event kernel with stations as plain as SimPy's resources, and the
whole cluster loop, whose stations are containers with processor sharing, quota, threads, own
latencies and calls. All check the mean time in the network against Erlang's formula.
"""
import json
import os
import random
import subprocess
import sys
import time

import simpy

from comparison import compare

STATIONS = 5
SERVERS = 2
SERVICE_SECONDS = 0.005
ARRIVALS_PER_SECOND = 280.0
EVENTS_PER_CUSTOMER = STATIONS + 1
# M/M/2 at utilisation 0.7: service / (1 - 0.7^2), five times.
EXPECTED_SECONDS = STATIONS * SERVICE_SECONDS / (1 - 0.7 ** 2)
SIMPY_SECONDS = 400.0
BENCHMARK = os.path.join(os.environ['TRIMTAB_BUILD'], 'src/trimtab/simulation',
                         'trimtab_simulation_benchmark')


def simpy_rate():
    stream = random.Random(1)
    environment = simpy.Environment()
    stations = [simpy.Resource(environment, SERVERS) for _ in range(STATIONS)]
    times = []

    def customer():
        start = environment.now
        for station in stations:
            with station.request() as request:
                yield request
                yield environment.timeout(stream.expovariate(1 / SERVICE_SECONDS))
        times.append(environment.now - start)

    def source():
        while True:
            yield environment.timeout(stream.expovariate(ARRIVALS_PER_SECOND))
            environment.process(customer())

    environment.process(source())
    begin = time.process_time()
    environment.run(until=SIMPY_SECONDS)
    elapsed = time.process_time() - begin
    check('SimPy', sum(times) / len(times))
    return len(times) * EVENTS_PER_CUSTOMER / elapsed


def our_rate(benchmark):
    done = subprocess.run([BENCHMARK, f'--benchmark_filter={benchmark}', '--benchmark_format=json',
                           '--benchmark_min_time=1'], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    row = json.loads(done.stdout)['benchmarks'][0]
    check(benchmark, row['mean_seconds'])
    return row['items_per_second']


def check(name, mean):
    """112,000 customers leave a standard error of about 0.5 %; both sides must be within 5 %."""
    if abs(mean / EXPECTED_SECONDS - 1) > 0.05:
        sys.exit(f'{name}: mean time is {mean} s, theory says {EXPECTED_SECONDS} s')


PEER = f'SimPy {simpy.__version__}'
compare('event kernel, M/M/2 tandem of 5 stations', 'events/s', PEER,
        lambda: our_rate('BM_KernelTandemEvents'), simpy_rate)
compare('cluster loop, M/M/2 tandem of 5 stations', 'events/s', PEER,
        lambda: our_rate('BM_TandemEvents'), simpy_rate)
