#!/usr/bin/env python3
"""Writes the Grafana dashboard of sluicegate to standard output.

    python3 deploy/grafana/gen.py > deploy/grafana/dashboard.json

The rows below are the dashboard; forms.py beside this is Grafana's form. A test holds dashboard.json against this file,
and every metric that is named here against what the program exposes.
"""

import json
import sys

sys.dont_write_bytecode = True

from forms import DATASOURCE, Heatmap, Number, Panel, Table, WIDTH, metric, quantile, rate, share, total  # noqa: E402

DECISIONS = "sluicegate_decisions_total"
OPERATIONS = "mcp_server_operation_duration_seconds"
DENIED = 'action="deny"'
LOST = 'result="dropped"'
NOT_OWN = 'error_type!~"|tool_error|policy_denied"'

ENFORCING = [
    Number("Messages", "Judged messages per second.", total(rate(DECISIONS)), "reqps", 4),
    Number(
        "Denied",
        "Share of messages that rules, limits or checks refused. A jump is a new policy, a broken client or an attack: "
        "see 'Denials by reason'.",
        total(rate(DECISIONS, DENIED)) + " / " + total(rate(DECISIONS)),
        "percentunit",
        4,
        limit=0.2,
    ),
    Number(
        "Would be denied",
        "Messages per second that a rule in shadow would have refused.",
        total(rate(DECISIONS, 'action="shadow_deny"')),
        "reqps",
        4,
    ),
    Number(
        "p99 overhead",
        "What the gate itself adds to a request or an answer, waiting excluded.",
        quantile(0.99, "sluicegate_overhead_seconds"),
        "s",
        4,
        limit=0.005,
    ),
    Number(
        "Audit records lost",
        "In the time that is shown. Each one is a message of which nobody will ever know.",
        total(f"increase({metric('sluicegate_audit_events_total', LOST)}[$__range])"),
        "short",
        4,
        limit=1,
    ),
    Number(
        "Reloads refused",
        "Pods whose last reload was refused, so that they run an older policy.",
        f"count({metric('sluicegate_policy_last_reload_successful')} == 0) or vector(0)",
        "short",
        4,
        limit=1,
    ),
    Table(
        "Policies in force",
        "One row for each pod. More than one sha256 for longer than a roll-out takes is a fault.",
        f"max by (namespace, job, pod, sha256, mode) ({metric('sluicegate_policy_info')})",
        width=16,
        hidden=["Time", "Value"],
    ),
    Table(
        "Builds",
        "The program of each pod.",
        f"max by (pod, version, revision, rustc) ({metric('sluicegate_build_info')})",
        width=8,
        hidden=["Time", "Value"],
    ),
]

TRAFFIC = [
    Panel(
        "Operations by method",
        "Per second.",
        [(total(rate(OPERATIONS + "_count"), "mcp_method_name"), "{{mcp_method_name}}")],
        "reqps",
        stacked=True,
    ),
    Panel(
        "Errors by type",
        "Per second: what failed, but for tools that say so themselves and for what the policy denies.",
        [(total(rate(OPERATIONS + "_count", NOT_OWN), "error_type"), "{{error_type}}")],
        "reqps",
        stacked=True,
    ),
    Panel(
        "Duration",
        "From the first byte of a request to the last byte of its answer, the server's time included.",
        [(quantile(number, OPERATIONS), name) for number, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))],
        "s",
    ),
    Heatmap(
        "Overhead",
        "What the gate itself adds, waiting excluded.",
        [(total(f"increase({metric('sluicegate_overhead_seconds_bucket')}[$__rate_interval])", "le"), "{{le}}")],
        "s",
    ),
    Panel(
        "HTTP answers",
        "Per second, by class; `none` where the client had gone.",
        [(total(rate("sluicegate_http_responses_total"), "code_class"), "{{code_class}}")],
        "reqps",
        stacked=True,
    ),
    Panel(
        "Payload p95",
        "Size of bodies.",
        [(quantile(0.95, "sluicegate_payload_bytes", "direction"), "{{direction}}")],
        "bytes",
    ),
    Panel(
        "Tokens",
        "Per second; estimates are a quarter of the bytes.",
        [(total(rate("sluicegate_tokens_total"), "direction, method"), "{{direction}} ({{method}})")],
        "short",
    ),
    Panel(
        "Messages that belong to nothing",
        "Dropped per second, by kind.",
        [(total(rate("sluicegate_stray_messages_total"), "kind"), "{{kind}}")],
        "reqps",
    ),
]

ENFORCEMENT = [
    Panel(
        "Denials by reason",
        "Per second.",
        [(total(rate(DECISIONS, DENIED), "reason"), "{{reason}}")],
        "reqps",
        stacked=True,
    ),
    Panel(
        "Findings of redaction",
        "Values per second, by what was found and what was done.",
        [(total(rate("sluicegate_dlp_findings_total"), "detector, action"), "{{detector}}: {{action}}")],
        "short",
        stacked=True,
    ),
    Panel(
        "Hidden from lists",
        "Tools, prompts and resources per second that a list did not show its caller; in `shadow`, would not have shown.",
        [(total(rate("sluicegate_list_items_hidden_total"), "list, mode"), "{{list}}: {{mode}}")],
        "short",
        stacked=True,
    ),
    Panel(
        "Top 15 rules",
        "Messages per second that a rule or limit decided. Only with `--metrics-by rule`.",
        [(f"topk(15, {total(rate('sluicegate_rule_hits_total'), 'rule')})", "{{rule}}")],
        "reqps",
    ),
    Panel(
        "Top 15 tools",
        "Calls per second. Only with `--metrics-by tool`.",
        [(f"topk(15, {total(rate('sluicegate_tool_calls_total'), 'tool, action')})", "{{tool}}: {{action}}")],
        "reqps",
    ),
    Panel(
        "p99 by stage",
        "Of one message in 17.",
        [(quantile(0.99, "sluicegate_stage_duration_seconds", "stage"), "{{stage}}")],
        "s",
    ),
    Panel(
        "Limits near their end",
        "What is left of the fullest key of each limit that was charged of late: the ten tightest.",
        [(f"bottomk(10, min by (limit) ({metric('sluicegate_limit_remaining_ratio')}))", "{{limit}}")],
        "percentunit",
    ),
    Panel(
        "Refused by limits",
        "Per second.",
        [
            (
                total(rate("sluicegate_limit_decisions_total", 'verdict=~"deny|shadow_deny"'), "limit, verdict"),
                "{{limit}}: {{verdict}}",
            )
        ],
        "reqps",
    ),
    Panel(
        "Tokens looked at",
        "Callers' tokens per second: what came of it, and whether it was known from before.",
        [(total(rate("sluicegate_token_verify_total"), "cache, result"), "{{cache}}: {{result}}")],
        "reqps",
    ),
    Panel(
        "Tools that are not what was approved",
        "How many are known now, and what was seen, in the last hour.",
        [
            (total(metric("sluicegate_pin_quarantined_tools")), "known now"),
            (total(f"increase({metric('sluicegate_pin_events_total')}[1h])", "event, action"), "{{event}}: {{action}}"),
        ],
        "short",
        width=12,
    ),
    Panel(
        "Lists held against what was approved",
        "Per second: asked for before calls (`caller`) and by the gate itself (`own`); what came of it.",
        [(total(rate("sluicegate_pin_checks_total"), "by, result"), "{{by}}: {{result}}")],
        "reqps",
        width=12,
    ),
]

AUDIT = [
    Panel(
        "Records",
        "Per second, by sink and result; `failed` are attempts to write, and are made again.",
        [(total(rate("sluicegate_audit_events_total"), "sink, result"), "{{sink}}: {{result}}")],
        "wps",
    ),
    Panel(
        "Queue",
        "Share of the queue that is taken. When it is full, calls are refused or records lost, as the policy says.",
        [
            (
                share(metric("sluicegate_audit_queue_bytes"), metric("sluicegate_audit_queue_limit_bytes")),
                "{{pod}}",
            )
        ],
        "percentunit",
        limit=0.9,
    ),
    Panel(
        "Write p99",
        "Time to write one group of records, and to sync it where somebody waits for that.",
        [(quantile(0.99, "sluicegate_audit_write_duration_seconds", "sink"), "{{sink}}")],
        "s",
    ),
    Panel(
        "Since the last write",
        "Of pods with records that wait. More than two minutes is a stuck sink.",
        [
            (
                f"(time() - {metric('sluicegate_audit_last_success_timestamp_seconds')}) and on (namespace, job, pod) "
                f"({metric('sluicegate_audit_queue_events')} > 0)",
                "{{pod}}",
            )
        ],
        "s",
        limit=120,
    ),
]

SATURATION = [
    Panel(
        "In flight",
        "Share of the requests that a pod may have in hand, open streams aside. At the limit new ones get 503.",
        [
            (
                share(
                    metric("sluicegate_inflight_requests")
                    + " - on (namespace, job, pod, instance) sum by (namespace, job, pod, instance) ("
                    + metric("sluicegate_streams")
                    + ")",
                    metric("sluicegate_inflight_requests_limit"),
                ),
                "{{pod}}",
            )
        ],
        "percentunit",
        limit=0.9,
    ),
    Panel(
        "Open streams",
        "By kind: the answer to one call, or open for whatever the server says.",
        [(total(metric("sluicegate_streams"), "kind"), "{{kind}}")],
    ),
    Panel(
        "Keys of rate limits",
        "Share of the keys that may be in memory. Beyond it newcomers share one.",
        [(share(metric("sluicegate_ratelimit_keys"), metric("sluicegate_ratelimit_keys_limit")), "{{pod}}")],
        "percentunit",
        limit=0.9,
    ),
    Panel(
        "At the server",
        "Requests that are with the server, and how many may be.",
        [
            (total(metric("sluicegate_concurrency_inflight"), "upstream"), "{{upstream}}"),
            (total(metric("sluicegate_concurrency_limit"), "upstream"), "{{upstream}}, at most"),
        ],
    ),
    Panel(
        "Turned away unread",
        "Requests per second for which this process had no room.",
        [(total(rate("sluicegate_shed_total"), "what"), "{{what}}")],
        "reqps",
    ),
    Panel("CPU", "Cores.", [(rate("process_cpu_seconds_total"), "{{pod}}")]),
    Panel("Memory", "Resident.", [(metric("process_resident_memory_bytes"), "{{pod}}")], "bytes"),
    Panel(
        "Server reachable",
        "1 if the server took the last connection.",
        [(metric("sluicegate_upstream_up"), "{{pod}}")],
    ),
    Panel(
        "Errors of the server",
        "Per second, by kind.",
        [(total(rate("sluicegate_upstream_errors_total"), "kind"), "{{kind}}")],
        "reqps",
        stacked=True,
    ),
    Panel(
        "Breakers",
        "0 closed, 1 half open, 2 open; without a tool that of the server.",
        [(f"max by (upstream, tool) ({metric('sluicegate_breaker_state')})", "{{upstream}} {{tool}}")],
    ),
    Panel(
        "Age of keys",
        "Since the key endpoint that has been silent the longest last answered.",
        [(f"time() - {metric('sluicegate_jwks_last_refresh_success_timestamp_seconds')}", "{{pod}}")],
        "s",
    ),
    Panel(
        "Certificates",
        "How long each is still valid.",
        [(f"{metric('sluicegate_tls_certificate_expiry_timestamp_seconds')} - time()", "{{pod}} {{purpose}}")],
        "s",
    ),
]

ROWS = [
    ("Is it enforcing?", ENFORCING),
    ("Traffic", TRAFFIC),
    ("Enforcement", ENFORCEMENT),
    ("Audit", AUDIT),
    ("Saturation", SATURATION),
]


def variable(name, narrower=""):
    """A choice of label values among the gates that there are."""
    query = f"label_values(sluicegate_build_info{narrower}, {name})"
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def panels():
    """All rows, each panel at its place."""
    written, y = [], 0
    for title, row in ROWS:
        row_at = {"h": 1, "w": WIDTH, "x": 0, "y": y}
        head = {"id": len(written) + 1, "type": "row", "title": title, "collapsed": False, "gridPos": row_at, "panels": []}
        written.append(head)
        x, y = 0, y + 1
        for panel in row:
            if x + panel.width > WIDTH:
                x, y = 0, y + 8
            written.append(panel.write(len(written) + 1, x, y))
            x += panel.width
        y += 8
    return written


def dashboard():
    """The dashboard as Grafana imports it."""
    reloads = f"changes({metric('sluicegate_policy_last_reload_success_timestamp_seconds')}[1m]) > 0"
    return {
        "uid": "sluicegate",
        "title": "sluicegate",
        "description": "The gate in front of MCP servers: what it lets through, what it stops, and how it is.",
        "tags": ["mcp", "sluicegate"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus"},
                variable("namespace"),
                variable("job", '{namespace=~"$namespace"}'),
                variable("pod", '{namespace=~"$namespace",job=~"$job"}'),
            ]
        },
        "annotations": {
            "list": [
                {
                    "name": "Policy reloads",
                    "datasource": DATASOURCE,
                    "enable": True,
                    "iconColor": "blue",
                    "expr": reloads,
                    "titleFormat": "policy reloaded",
                    "textFormat": "{{pod}}",
                }
            ]
        },
        "panels": panels(),
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1))
