"""Reads for the tests what Rust would need more crates for.

    read.py yaml FILE          the document as JSON
    read.py promql <LIST       for each expression of a JSON list: the metrics that it names, with the labels that it asks
                               of each; fails with the expression that does not parse
"""

import json
import sys

import promql_parser
import yaml

INNER = ("args", "expr", "lhs", "param", "rhs", "vector_selector")


def selectors(node):
    """Every selector below a node of the syntax tree."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in INNER:
        inner = getattr(node, name, None)
        for child in inner if isinstance(inner, list) else [inner]:
            if child is not None:
                yield from selectors(child)


def named(expression):
    """The metrics of an expression, each with the labels that are asked of it."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError as fault:
        sys.exit(f"{expression}: {fault}")
    return [
        {"metric": selector.name, "labels": sorted({matcher.name for matcher in selector.matchers.matchers})}
        for selector in selectors(tree)
    ]


if sys.argv[1] == "yaml":
    with open(sys.argv[2], encoding="utf-8") as file:
        print(json.dumps(yaml.safe_load(file)))
else:
    print(json.dumps([named(expression) for expression in json.load(sys.stdin)]))
