#!/usr/bin/env python3
"""Sends spans to `trimtab graph --listen` and compares what it finds with the same spans in a file.

    check_receiver.py --program build/release/trimtab [--sdk]

Without --sdk requests of OTLP in JSON, plain and gzip, from several connections at once. With --sdk
the OpenTelemetry SDK for Python sends over HTTP and gRPC, in clear text and with TLS; it is
installed from PyPI into an environment of its own. Exits with 77 when that cannot be had: the test is then skipped.
"""
import argparse
import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

SERVICES = ['frontend', 'search', 'profile']
SDK = ['opentelemetry-sdk==1.27.0', 'opentelemetry-exporter-otlp-proto-http==1.27.0',
       'opentelemetry-exporter-otlp-proto-grpc==1.27.0']

SENDER = '''
import sys
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind
protocol, port, traces, authority = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
if protocol == 'grpc':
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from grpc import Compression, ssl_channel_credentials
    how = {'insecure': True}
    if authority:
        how = {'credentials': ssl_channel_credentials(open(authority[0], 'rb').read())}
    make = lambda: OTLPSpanExporter(endpoint='127.0.0.1:' + port, compression=Compression.Gzip, **how)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    how = {'certificate_file': authority[0]} if authority else {}
    scheme = 'https' if authority else 'http'
    make = lambda: OTLPSpanExporter(endpoint='%s://127.0.0.1:%s/v1/traces' % (scheme, port),
                                    compression=Compression.Gzip, **how)
providers = {}
for service in ('frontend', 'search', 'profile'):
    providers[service] = TracerProvider(resource=Resource.create({'service.name': service}))
    providers[service].add_span_processor(BatchSpanProcessor(make()))
tracer = {name: provider.get_tracer('check') for name, provider in providers.items()}
for _ in range(traces):
    with tracer['frontend'].start_as_current_span('GET /hotels', kind=SpanKind.SERVER):
        for callee in ('search', 'profile'):
            with tracer['frontend'].start_as_current_span('call', kind=SpanKind.CLIENT):
                with tracer[callee].start_as_current_span('serve', kind=SpanKind.SERVER):
                    pass
for provider in providers.values():
    provider.shutdown()
'''


def span(trace, number, parent, kind, start, end):
    made = {'traceId': '%032x' % (trace + 1), 'spanId': '%016x' % number, 'name': 'work',
            'kind': kind, 'startTimeUnixNano': str(start), 'endTimeUnixNano': str(end)}
    if parent:
        made['parentSpanId'] = '%016x' % parent
    return made


def requests(traces):
    """For each service its spans of all traces, as one request."""
    spans = {service: [] for service in SERVICES}
    for trace in range(traces):
        at = 1_700_000_000_000_000_000 + trace * 50_000_000
        spans['frontend'] += [span(trace, 1, 0, 2, at, at + 20_000_000 + trace),
                              span(trace, 2, 1, 3, at + 1_000_000, at + 8_000_000),
                              span(trace, 4, 1, 3, at + 9_000_000, at + 15_000_000)]
        spans['search'].append(span(trace, 3, 2, 2, at + 1_500_000, at + 7_000_000))
        spans['profile'].append(span(trace, 5, 4, 2, at + 9_500_000, at + 14_000_000))
    for service, of in spans.items():
        resource = {'attributes': [{'key': 'service.name', 'value': {'stringValue': service}},
                                   {'key': 'k8s.pod.name', 'value': {'stringValue': service}}]}
        yield {'resourceSpans': [{'resource': resource, 'scopeSpans': [{'spans': of}]}]}


class Receiver:
    """A `trimtab graph --listen` that runs until finish()."""

    def __init__(self, program, *tls):
        self.process = subprocess.Popen([program, 'graph', '--listen', '127.0.0.1:0', '-o', 'json', *tls],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.fullmatch(r'receiving OTLP on 127\.0\.0\.1 port (\d+), HTTP and gRPC%s\n' %
                             (', with TLS' if tls else ''), line)
        if not found:
            sys.exit('unexpected: ' + line + self.process.stderr.read())
        self.port = int(found.group(1))

    def finish(self):
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            sys.exit('exit code %d: %s' % (self.process.returncode, err))
        return json.loads(out), err


def send_json(port, request, part):
    """A part of a request's spans at a time, over one connection."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    resource = request['resourceSpans'][0]
    spans = resource['scopeSpans'][0]['spans']
    for begin in range(0, len(spans), part):
        resource['scopeSpans'][0]['spans'] = spans[begin:begin + part]
        body = json.dumps(request).encode()
        headers = {'Content-Type': 'application/json'}
        if begin // part % 2:
            body = gzip.compress(body)
            headers['Content-Encoding'] = 'gzip'
        connection.request('POST', '/v1/traces', body, headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200 or json.loads(answer) != {'partialSuccess': {}}:
            sys.exit('answered %d %r' % (response.status, answer))
    connection.close()


def check_json(program):
    traces = 400
    receiver = Receiver(program)
    senders = [threading.Thread(target=send_json, args=(receiver.port, request, 70))
               for request in requests(traces)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    received, err = receiver.finish()
    lines = '\n'.join(json.dumps(request) for request in requests(traces))
    from_file = json.loads(subprocess.run([program, 'graph', '-', '-o', 'json'], input=lines,
                                          capture_output=True, text=True, check=True).stdout)
    assert received == from_file, (received, from_file)
    assert 'received %d spans; handed on %d of %d traces' % (5 * traces, 5 * traces, traces) in err, err


def make_certificate(folder):
    """Of the receiver, signed by itself."""
    certificate, key = folder + '/tls.crt', folder + '/tls.key'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
                    '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=receiver',
                    '-addext', 'subjectAltName=IP:127.0.0.1'],
                   check=True, stderr=subprocess.DEVNULL)
    return certificate, key


def check_sdk(program):
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([sys.executable, '-m', 'venv', folder]).returncode == 0 and \
            subprocess.run([folder + '/bin/pip', 'install', '--quiet',
                            '--disable-pip-version-check', *SDK]).returncode == 0
        if not made:
            print('skipped: the OpenTelemetry SDK cannot be installed from PyPI')
            sys.exit(77)
        certificate, key = make_certificate(folder)
        for protocol, has_tls in (('http', False), ('grpc', False), ('http', True), ('grpc', True)):
            receiver = Receiver(program, *(['--tls-certificate', certificate, '--tls-key', key]
                                           if has_tls else []))
            traces = 200
            subprocess.run([folder + '/bin/python', '-c', SENDER, protocol, str(receiver.port),
                            str(traces), *([certificate] if has_tls else [])],
                           check=True, timeout=120, env=dict(os.environ, no_proxy='*'))
            graph, err = receiver.finish()
            assert 'received %d spans; handed on %d of %d traces' % (5 * traces, 5 * traces, traces) \
                in err, err
            assert graph['traces'] == traces, graph
            names = sorted(of['name'] for of in graph['microservices'])
            assert names == sorted(SERVICES), names
            print('%s%s: %d traces are whole' % (protocol, ' with TLS' if has_tls else '', traces))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--sdk', action='store_true')
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    check_sdk(program) if arguments.sdk else check_json(program)


if __name__ == '__main__':
    main()
