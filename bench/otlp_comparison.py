#!/usr/bin/env python3
"""`trimtab graph --listen` against Jaeger, all in one: the same OTLP over HTTP to both.

Ours receives, puts traces together and prints call graphs and own latencies; Jaeger receives, keeps
whole spans in memory and can be asked for them, which is more work. Whole processes are measured,
with the kernel's part, from the moment they are ready: ours until it has printed its graph and
ended, Jaeger until it is quiet. A trace is a frontend's call of ten microservices: 33 spans. Without
build/servers/jaeger (`make servers`) there is no row.
"""
import http.client
import json
import os
import pathlib
import random
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

from comparison import compare

TRACES = 6_000
SPANS_OF_TRACE = 33
SPANS_OF_REQUEST = 512
TRACES_TOGETHER = 40  # that are under way at once, so that requests hold many traces
JAEGER = pathlib.Path(__file__).resolve().parent.parent / 'build/servers/jaeger'
PROGRAM = os.path.join(os.environ['TRIMTAB_BUILD'], 'trimtab')
JAEGER_PORTS = ['query.http-server', 'query.grpc-server', 'collector.otlp.grpc', 'collector.otlp.http',
                'admin.http', 'collector.grpc-server', 'collector.http-server']
JAEGER_AGENT_PORTS = ['processor.jaeger-compact.server-host-port',
                      'processor.jaeger-binary.server-host-port',
                      'processor.zipkin-compact.server-host-port', 'http-server.host-port']


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def attribute(number, key, value):
    return field(number, field(1, key) + field(2, field(1, value)))


SPAN_ATTRIBUTES = (attribute(9, b'rpc.system', b'grpc') + attribute(9, b'rpc.method', b'GetProduct') +
                   attribute(9, b'net.peer.name', b'productcatalogservice'))


def span(trace, number, parent, service, kind, start, length):
    content = field(1, trace) + field(2, struct.pack('>Q', number))
    if parent:
        content += field(4, struct.pack('>Q', parent))
    content += field(5, b'hipstershop.%s/GetProduct' % service) + b'\x30' + varint(kind)
    content += b'\x39' + struct.pack('<Q', start) + b'\x41' + struct.pack('<Q', start + length)
    return service, field(2, content + SPAN_ATTRIBUTES)


def spans_of_trace(stream, index):
    trace = struct.pack('>QQ', stream.getrandbits(63) + 1, stream.getrandbits(63) + 1)
    begin = now = 1_661_140_374_351_773_000 + 20_000_000 * index
    number = 1
    for call in range(1, 11):
        callee = b'productcatalogservice%d' % call
        took = stream.randrange(500_000, 3_500_000)
        number += 2
        yield span(trace, number, 1, b'frontend', 3, now + 100_000, took + 400_000)
        yield span(trace, number + 1, number, callee, 2, now + 300_000, took)
        if call % 2 == 0:
            yield span(trace, 100 + number, number + 1, callee, 1, now + 350_000, took // 3)
            yield span(trace, 200 + number, number + 1, callee, 1, now + 360_000, 30_000)
        now += took + 600_000
    yield span(trace, 1, 0, b'frontend', 2, begin, now - begin)
    yield span(trace, 301, 1, b'frontend', 1, begin + 10_000, 40_000)
    yield span(trace, 302, 1, b'frontend', 1, begin + 50_000, 40_000)


def request(spans):
    by_service = {}
    for service, content in spans:
        by_service.setdefault(service, []).append(content)
    return b''.join(
        field(1, field(1, attribute(1, b'service.name', service) +
                       attribute(1, b'k8s.pod.name', service + b'-668d5f85fb-wckp8')) +
              field(2, field(1, field(1, b'instrumentation')) + b''.join(contents)))
        for service, contents in by_service.items())


def make_requests():
    stream = random.Random(1)
    for first in range(0, TRACES, TRACES_TOGETHER):
        together = [of for index in range(first, first + TRACES_TOGETHER)
                    for of in spans_of_trace(stream, index)]
        together.sort(key=lambda of: of[0])
        for at in range(0, len(together), SPANS_OF_REQUEST):
            yield request(together[at:at + SPANS_OF_REQUEST])


def send(port, requests):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    for body in requests:
        while True:
            connection.request('POST', '/v1/traces', body,
                               {'Content-Type': 'application/x-protobuf'})
            response = connection.getresponse()
            response.read()
            if response.status == 200:
                break
            time.sleep(0.2)
    connection.close()


def our_rate(requests):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([PROGRAM, 'graph', '--listen', '127.0.0.1:0', '-o', 'json'],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    port = int(re.search(r'port (\d+)', process.stderr.readline()).group(1))
    start_up = fine_processor_seconds(process.pid)
    send(port, requests)
    process.send_signal(signal.SIGINT)
    graph = json.loads(process.communicate(timeout=60)[0])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if graph['traces'] != TRACES:
        sys.exit('%d of %d traces are whole' % (graph['traces'], TRACES))
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return TRACES * SPANS_OF_TRACE / (seconds - start_up)


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


def fine_processor_seconds(pid):
    """To the nanosecond, of the threads that have not ended."""
    tasks = pathlib.Path('/proc/%d/task' % pid).iterdir()
    return sum(int((task / 'schedstat').read_text().split()[0]) for task in tasks) / 1e9


def processor_seconds(pid):
    words = pathlib.Path('/proc/%d/stat' % pid).read_text().rsplit(')', 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


def wait_until_ready(port):
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection('127.0.0.1', port, timeout=5)
            connection.request('GET', '/')
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit('Jaeger does not start')


def jaeger_rate(requests):
    ports = {name: free_port() for name in JAEGER_PORTS + JAEGER_AGENT_PORTS}
    flags = ['--%s=127.0.0.1:%d' % (name if name in JAEGER_AGENT_PORTS else name + '.host-port', port)
             for name, port in ports.items()]
    # Its queue holds 2,000 spans by default and loses the others.
    process = subprocess.Popen(
        [str(JAEGER), '--memory.max-traces=%d' % (2 * TRACES),
         '--collector.queue-size=%d' % (2 * TRACES * SPANS_OF_TRACE), *flags],
        env=dict(os.environ, SPAN_STORAGE_TYPE='memory', COLLECTOR_OTLP_ENABLED='true'),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(ports['admin.http'])
        before = processor_seconds(process.pid)
        send(ports['collector.otlp.http'], requests)
        after = before
        while processor_seconds(process.pid) - after > 0.02:
            after = processor_seconds(process.pid)
            time.sleep(1)
        return TRACES * SPANS_OF_TRACE / (processor_seconds(process.pid) - before)
    finally:
        process.kill()
        process.wait()


def main():
    if not JAEGER.exists():
        print('no row: %s is missing (make servers)' % JAEGER, file=sys.stderr)
        return
    requests = list(make_requests())
    compare('OTLP over HTTP, received', 'spans/s', 'Jaeger 1.62 all in one, which keeps the spans',
            lambda: our_rate(requests), lambda: jaeger_rate(requests))


if __name__ == '__main__':
    main()
