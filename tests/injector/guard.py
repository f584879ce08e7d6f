"""Judges pods by the guard with two evaluators of CEL that know nothing of each other; prints what each says, as JSON.

    guard.py POLICY TABLE            the rows of a table
    guard.py POLICY --golden FOLDER  the golden pods of the injector that got a gate, by what the operator set for each

A row names a pod, and what is otherwise in it by JSON pointers: null takes away, `-` appends. Evaluated is what the API
server evaluates, in its order: variables when an expression needs them, then each validation.
"""

import copy
import json
import pathlib
import resource
import sys

import cel
import celpy
import yaml

# An expression that errs in many places at once makes texts of errors without end.
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
ENVIRONMENT = celpy.Environment()


PROGRAMS = {}


class Cel:
    """The Rust crate `cel`."""

    def __init__(self, context):
        self.context = context
        self.known = {}

    def evaluate(self, expression):
        return cel.evaluate(expression, {**self.context, "variables": self.known})

    def learn(self, name, value):
        self.known[name] = value


class CelPython:
    """The Python package `cel-python`."""

    def __init__(self, context):
        self.context = {name: celpy.json_to_cel(value) for name, value in context.items()}
        self.known = celpy.celtypes.MapType()

    def evaluate(self, expression):
        if expression not in PROGRAMS:
            PROGRAMS[expression] = ENVIRONMENT.program(ENVIRONMENT.compile(expression))
        return PROGRAMS[expression].evaluate({**self.context, "variables": self.known})

    def learn(self, name, value):
        self.known[celpy.celtypes.StringType(name)] = value


def verdict(policy, context, evaluator):
    """`admitted`, the code of the first refusal, or `error` with what was wrong."""
    spec, judge = policy["spec"], evaluator(context)
    if spec.get("matchConditions"):
        return "error: the namespace is not known to matchConditions"
    try:
        for variable in spec["variables"]:
            judge.learn(variable["name"], judge.evaluate(variable["expression"]))
        for validation in spec["validations"]:
            passed = judge.evaluate(validation["expression"])
            if not isinstance(passed, (bool, celpy.celtypes.BoolType)):
                return f"error: {passed!r} is neither true nor false"
            if not passed:
                return validation["message"].split(":")[0]
    except Exception as fault:  # whatever it is, the API server would refuse
        return f"error: {fault}"
    return "admitted"


def changed(thing, changes):
    thing = copy.deepcopy(thing)
    for pointer, value in (changes or {}).items():
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        place = thing
        for parent in parents:
            place = place[int(parent)] if isinstance(place, list) else place.setdefault(parent, {})
        if isinstance(place, list):
            if last == "-":
                place.append(value)
            elif value is None:
                del place[int(last)]
            else:
                place[int(last)] = value
        elif value is None:
            del place[last]
        else:
            place[last] = value
    return thing


def judged(policy, params, row, pods):
    """What both evaluators say of a row."""
    pod = changed(pods[row["pod"]], row.get("change"))
    old = row.get("old")
    request = {"operation": "UPDATE" if old else "CREATE", **row.get("request", {})}
    namespace = {"metadata": {"name": "tools", "labels": {"sluicegate.dev/injection": "enabled"}}}
    if row.get("space"):
        namespace["metadata"]["annotations"] = row["space"]
    context = {
        "object": pod,
        "oldObject": changed(pods[old["pod"]], old.get("change")) if old else None,
        "request": request,
        "namespaceObject": namespace,
        "params": changed(params, row.get("params")),
    }
    return [verdict(policy, context, evaluator) for evaluator in (Cel, CelPython)]


def golden(folder):
    """The golden pods that got a gate, each in a namespace in which every pod needs one."""
    pods, rows = {}, []
    for path in sorted(folder.glob("*.out.yaml")):
        head, *pod = yaml.safe_load_all(path.read_text())
        if "injected" not in head:
            continue
        name = path.name.removesuffix(".out.yaml")
        asked = next(yaml.safe_load_all((folder / f"{name}.yaml").read_text())) or {}
        settings = asked.get("settings") or {}
        # What the operator set is what the guard goes by.
        params = {"/data/repository-acme": "registry.example/acme/sluicegate", "/data/policy-images": ".+"}
        if "sidecar" in settings:
            params["/data/sidecar"] = settings["sidecar"]
        if "port_name" in settings:
            params["/data/port-name"] = settings["port_name"]
        for place, word in enumerate(settings.get("extra_args", [])):
            params[f"/data/arg-more-{place}"] = word
        if "shadow" in path.read_text():
            params["/data/shadow"] = "allow"
        pods[name] = pod[0]
        space = {"sluicegate.dev/inject": "enabled"}
        rows.append({"name": name, "pod": name, "params": params, "space": space, "expected": "admitted"})
    return pods, rows


def main(policy_path, *rest):
    with open(policy_path) as file:
        documents = {document["kind"]: document for document in yaml.safe_load_all(file)}
    policy, params = documents["ValidatingAdmissionPolicy"], documents["ConfigMap"]
    if rest[0] == "--golden":
        pods, rows = golden(pathlib.Path(rest[1]))
    else:
        with open(rest[0]) as file:
            table = yaml.safe_load(file)
        pods, rows = table["pods"], table["rows"]
    said = [
        {"name": row["name"], "expected": row["expected"], "said": judged(policy, params, row, pods)} for row in rows
    ]
    json.dump(said, sys.stdout)


main(*sys.argv[1:])
