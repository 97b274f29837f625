"""An aggregated metrics.k8s.io that says what a file says.

  fake_metrics_api.py PORT CERTIFICATE KEY FILE

FILE holds {"WORKLOAD": {"cpu": "56m", "memory": "90Mi", "pods": ["WORKLOAD-0", ...]}}, where either
amount may be absent; it is read again for each question. WORKLOAD is the value of the label `app`.
"""

import datetime
import http.server
import json
import ssl
import sys
import urllib.parse

GROUP = "metrics.k8s.io"
VERSION = {"groupVersion": GROUP + "/v1beta1", "version": "v1beta1"}


def pod_metrics(namespace, selector, usages):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    workload = selector.removeprefix("app=")
    of = usages.get(workload, {"pods": []})
    usage = {resource: of[resource] for resource in ("cpu", "memory") if resource in of}
    items = []
    for pod in of["pods"] if usage else []:
        items.append({
            "metadata": {"name": pod, "namespace": namespace, "labels": {"app": workload}},
            "timestamp": now,
            "window": "1s",
            "containers": [{"name": "app", "usage": usage}],
        })
    return {"kind": "PodMetricsList", "apiVersion": VERSION["groupVersion"], "metadata": {}, "items": items}


def answer(path, query, usages):
    if path == "/apis":
        group = {"name": GROUP, "versions": [VERSION], "preferredVersion": VERSION}
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}
    if path == "/apis/" + GROUP:
        return {"kind": "APIGroup", "apiVersion": "v1", "name": GROUP, "versions": [VERSION], "preferredVersion": VERSION}
    base = "/apis/" + VERSION["groupVersion"]
    if path == base:
        resource = {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": VERSION["groupVersion"], "resources": [resource]}
    parts = path.removeprefix(base).split("/")
    if len(parts) == 4 and parts[1] == "namespaces" and parts[3] == "pods":
        return pod_metrics(parts[2], query.get("labelSelector", [""])[0], usages)
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        with open(sys.argv[4], encoding="utf-8") as file:
            usages = json.load(file)
        found = answer(url.path, urllib.parse.parse_qs(url.query), usages)
        body = json.dumps(found or {}).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
