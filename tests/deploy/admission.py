"""What an API server does with webhooks before it keeps a pod: selectors, the question, the patch."""

import base64
import copy
import http.client
import json
import socket
import ssl
import uuid

# Where the pods behind a Service really listen, since nothing routes here.
PORT = "test.sluicegate.dev/port"


class Refused(Exception):
    """The pod is not kept; the text is for the one who made it."""


def selects(selector, labels):
    """A label selector, as far as `matchLabels` and `matchExpressions` go."""
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions", []):
        found = labels.get(rule["key"])
        holds = {
            "In": found in rule.get("values", []),
            "NotIn": found not in rule.get("values", []),
            "Exists": found is not None,
            "DoesNotExist": found is None,
        }[rule["operator"]]
        if not holds:
            return False
    return True


def admit(objects, namespace, pod):
    """The pod as all webhooks want it; raises `Refused`."""
    labels = objects["v1", "", "namespaces", namespace]["metadata"].get("labels", {})
    for (_, _, plural, _), configuration in sorted(objects.items()):
        if plural != "mutatingwebhookconfigurations":
            continue
        for webhook in configuration["webhooks"]:
            asked = any("CREATE" in rule["operations"] and "pods" in rule["resources"] for rule in webhook["rules"])
            of_space = selects(webhook.get("namespaceSelector", {}), labels)
            if asked and of_space and selects(webhook.get("objectSelector", {}), pod["metadata"].get("labels", {})):
                pod = ask(objects, webhook, namespace, pod)
    return pod


def ask(objects, webhook, namespace, pod):
    """One question over TLS, by the name of the Service, trusting what the webhook names."""
    client = webhook["clientConfig"]
    service = client["service"]
    kept = objects["v1", service["namespace"], "services", service["name"]]
    port = kept["metadata"].get("annotations", {}).get(PORT)
    uid = str(uuid.uuid4())
    request = {
        "uid": uid,
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": namespace,
        "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
        "object": pod,
        "dryRun": False,
    }
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    try:
        answer = post(port, service, client["caBundle"], review, webhook["timeoutSeconds"])
    except (OSError, TypeError, http.client.HTTPException) as fault:
        if webhook["failurePolicy"] == "Ignore":
            return pod
        raise Refused(f'failed calling webhook "{webhook["name"]}": {fault}') from fault
    response = answer["response"]
    if response["uid"] != uid:
        raise Refused(f'webhook "{webhook["name"]}" answered another question')
    if not response["allowed"]:
        raise Refused(f'admission webhook "{webhook["name"]}" denied the request: {response["status"]["message"]}')
    if "patch" in response:
        pod = patched(pod, json.loads(base64.b64decode(response["patch"])))
    return pod


def post(port, service, authority, review, seconds):
    """Sends a review and reads the answer."""
    trust = ssl.create_default_context(cadata=base64.b64decode(authority).decode())
    host = f'{service["name"]}.{service["namespace"]}.svc'
    with socket.create_connection(("127.0.0.1", int(port)), timeout=seconds) as plain:
        with trust.wrap_socket(plain, server_hostname=host) as stream:
            connection = http.client.HTTPSConnection(host)
            connection.sock = stream
            headers = {"Content-Type": "application/json"}
            connection.request("POST", service["path"] + "?timeout=5s", json.dumps(review), headers)
            response = connection.getresponse()
            if response.status != 200:
                raise http.client.HTTPException(f"status {response.status}")
            return json.loads(response.read())


def patched(document, operations):
    """A JSON patch (RFC 6902): the operations that injection uses."""
    document = copy.deepcopy(document)
    for operation in operations:
        path = [step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]]
        parent = document
        for step in path[:-1]:
            parent = parent[int(step)] if isinstance(parent, list) else parent[step]
        last = path[-1] if isinstance(parent, dict) or path[-1] == "-" else int(path[-1])
        verb = operation["op"]
        if verb == "test":
            assert parent[last] == operation["value"], operation
        elif verb == "remove":
            del parent[last]
        elif isinstance(parent, list) and verb == "add":
            parent.insert(len(parent) if last == "-" else last, operation["value"])
        elif verb in ("add", "replace"):
            parent[last] = operation["value"]
        else:
            raise AssertionError(operation)
    return document
