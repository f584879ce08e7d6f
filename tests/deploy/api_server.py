"""Stands in for an API server: keeps objects, and answers helm and kubectl as far as they ask in the tests.

Objects are not judged: schemas have tests of their own. Nothing is run, but a Deployment has its pods made from its template,
each time that it changes, and webhooks are asked about them. Prints the port it took, then each request. Ends when standard
input does.
"""

import base64
import copy
import http.server
import json
import os
import sys
import threading
import urllib.parse
import uuid

import admission
import yaml

# Per group and version: plural, kind, whether objects belong to a namespace.
RESOURCES = {
    "v1": [
        ("configmaps", "ConfigMap", True),
        ("namespaces", "Namespace", False),
        ("pods", "Pod", True),
        ("secrets", "Secret", True),
        ("serviceaccounts", "ServiceAccount", True),
        ("services", "Service", True),
    ],
    "admissionregistration.k8s.io/v1": [
        ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False),
        ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", False),
        ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", False),
    ],
    "apps/v1": [("deployments", "Deployment", True), ("replicasets", "ReplicaSet", True)],
    "networking.k8s.io/v1": [("networkpolicies", "NetworkPolicy", True)],
    "policy/v1": [("poddisruptionbudgets", "PodDisruptionBudget", True)],
}
KINDS = {(version, plural): kind for version, all in RESOURCES.items() for plural, kind, _ in all}
VERBS = ["create", "delete", "get", "list", "patch", "update"]

objects = {}
lock = threading.Lock()


def merge(old, new):
    """A merge patch (RFC 7396); close enough to what is applied here."""
    if not isinstance(new, dict) or not isinstance(old, dict):
        return new
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(old.get(key), value)
    return merged


def fields(message):
    """The fields of a protobuf message: number and bytes; numbers are passed over."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        tag = varint()
        length = varint()
        if tag & 7 == 2:
            yield tag >> 3, message[at : at + length]
            at += length


def from_protobuf(message):
    """What is sent in this form: helm's own records (Secrets), ConfigMaps and namespaces."""
    envelope = dict(fields(message))
    kind = dict(fields(envelope[1]))[2].decode()
    metadata, object = {}, {"kind": kind, "metadata": {}}
    for number, value in fields(envelope[2]):
        if number == 1:
            metadata = list(fields(value))
        elif kind in ("ConfigMap", "Secret") and number == 2:
            key, content = (dict(fields(value)).get(part, b"") for part in (1, 2))
            content = base64.b64encode(content) if kind == "Secret" else content
            object.setdefault("data", {})[key.decode()] = content.decode()
        elif kind == "Secret" and number == 3:
            object["type"] = value.decode()
    for number, value in metadata:
        if number == 1:
            object["metadata"]["name"] = value.decode()
        elif number == 11:
            key, content = (dict(fields(value)).get(part, b"") for part in (1, 2))
            object["metadata"].setdefault("labels", {})[key.decode()] = content.decode()
    return object


def discovery(path):
    """What there is, as clients ask for it."""
    if path == "/version":
        return {"major": "1", "minor": "37", "gitVersion": "v1.37.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = []
        for version in RESOURCES:
            if "/" in version:
                known = {"groupVersion": version, "version": version.split("/")[1]}
                groups.append({"name": version.split("/")[0], "versions": [known], "preferredVersion": known})
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    if path == "/openapi/v3":
        place_of = {version: ("apis/" if "/" in version else "api/") + version for version in RESOURCES}
        return {"paths": {at: {"serverRelativeURL": f"/openapi/v3/{at}"} for at in place_of.values()}}
    version = path.removeprefix("/openapi/v3").removeprefix("/apis/").removeprefix("/api/")
    if version in RESOURCES and path.startswith("/openapi/"):
        return {"openapi": "3.0.0", "info": {"title": "", "version": ""}, "paths": dict(operations(version))}
    if version in RESOURCES:
        rows = [
            {"name": plural, "singularName": kind.lower(), "kind": kind, "namespaced": spaced, "verbs": VERBS}
            for plural, kind, spaced in RESOURCES[version]
        ]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": rows}
    return None


def operations(version):
    """As much of the schema as says that fields are checked by the server, so that clients leave it to it."""
    group, _, number = version.rpartition("/")
    for plural, kind, _ in RESOURCES[version]:
        parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
        kind = {"group": group, "version": number, "kind": kind}
        patch = {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": kind}
        yield f"/{plural}/{{name}}", {"patch": patch}


def place(path):
    """(version, namespace, plural, name) of a path, or None."""
    words = path.strip("/").split("/")
    if words[0] == "api":
        version, words = words[1], words[2:]
    elif words[0] == "apis" and len(words) > 3:
        version, words = "/".join(words[1:3]), words[3:]
    else:
        return None
    namespace = ""
    if len(words) > 2 and words[0] == "namespaces":
        namespace, words = words[1], words[2:]
    if not words or (version, words[0]) not in KINDS:
        return None
    return version, namespace, words[0], words[1] if len(words) > 1 else ""


def selected(item, query):
    """Whether an object has the labels that are asked for."""
    wanted = query.get("labelSelector", [""])[0]
    labels = item["metadata"].get("labels", {})
    pairs = [pair.split("=", 1) for pair in wanted.split(",") if "=" in pair and "!=" not in pair]
    return all(labels.get(key.rstrip("=")) == value.lstrip("=") for key, value in pairs)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        print(self.command, self.path, flush=True)
        read = from_protobuf(body[4:]) if body.startswith(b"k8s\0") else yaml.safe_load(body or b"null")
        with lock:
            code, answer = self.decide(url.path, urllib.parse.parse_qs(url.query), read)
        text = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = handle_one

    def decide(self, path, query, body):
        found = discovery(path) if self.command == "GET" else None
        if found:
            return 200, found
        where = place(path)
        if where is None:
            return self.missing(path)
        version, namespace, plural, name = where
        if self.command == "GET" and not name:
            items = [
                item
                for (v, n, p, _), item in sorted(objects.items())
                if (v, p) == (version, plural) and namespace in ("", n) and selected(item, query)
            ]
            kind = KINDS[version, plural] + "List"
            return 200, {"apiVersion": version, "kind": kind, "metadata": {"resourceVersion": "1"}, "items": items}
        if self.command == "POST":
            name = body["metadata"].get("name") or body["metadata"]["generateName"] + uuid.uuid4().hex[:5]
            if (version, namespace, plural, name) in objects:
                return 409, {"kind": "Status", "status": "Failure", "reason": "AlreadyExists", "code": 409}
            return self.create((version, namespace, plural, name), body)
        key = (version, namespace, plural, name)
        if self.command == "PATCH":
            is_apply = "apply-patch" in self.headers.get("content-type", "")
            if key not in objects and not is_apply:
                return self.missing(path)
            if key not in objects:
                return self.create(key, body)
            return 200, self.keep(key, merge(objects[key], body))
        if key not in objects:
            return self.missing(path)
        if self.command == "PUT":
            return 200, self.keep(key, body)
        if self.command == "DELETE":
            return 200, objects.pop(key)
        return 200, objects[key]

    def create(self, key, body):
        version, namespace, plural, name = key
        if plural == "pods":
            try:
                body = admission.admit(objects, namespace, body)
            except admission.Refused as fault:
                status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403}
                return 403, status | {"reason": "Forbidden", "message": str(fault)}
        return 201, self.keep(key, body)

    def keep(self, key, body):
        version, namespace, plural, name = key
        kept = merge({"apiVersion": version, "kind": KINDS[version, plural]}, body)
        metadata = kept["metadata"]
        metadata["name"] = name
        if plural == "namespaces":
            metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = name
        if namespace:
            metadata["namespace"] = namespace
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        metadata["resourceVersion"] = str(int(metadata.get("resourceVersion", "0")) + 1)
        old = objects.get(key)
        objects[key] = kept
        if plural == "deployments" and (old is None or old["spec"] != kept["spec"]):
            self.roll_out(namespace, name, kept)
        return kept

    def roll_out(self, namespace, name, deployment):
        """Makes the pods of a Deployment anew, as the controllers do: without a name and a namespace."""
        for key in [key for key in objects if key[:3] == ("v1", namespace, "pods") and key[3].startswith(f"{name}-")]:
            del objects[key]
        for number in range(deployment["spec"].get("replicas", 1)):
            template = copy.deepcopy(deployment["spec"]["template"])
            pod = {"apiVersion": "v1", "kind": "Pod", **template}
            pod["metadata"]["generateName"] = f"{name}-"
            code, answer = self.create(("v1", namespace, "pods", f"{name}-{number}"), pod)
            if code != 201:
                # Where people look for why there are no pods.
                deployment["status"] = {"conditions": [{"type": "ReplicaFailure", "message": answer["message"]}]}

    def missing(self, path):
        return 404, {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": "NotFound",
            "message": f"{path} not found",
            "code": 404,
        }

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
