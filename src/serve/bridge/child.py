"""A stdio MCP server with bad habits: it splits its input at a lone CR, too, and passes over what it cannot read."""
import json, os, signal, subprocess, sys, threading

lock = threading.Lock()
seen, cancelled, answers, unclean, count = [], [], {}, [], 0


def say(message):
    with lock:
        sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
        sys.stdout.flush()


def notify(method, **params):
    say({"jsonrpc": "2.0", "method": method, "params": params})


def text(value):
    return {"content": [{"type": "text", "text": value if isinstance(value, str) else json.dumps(value)}]}


def call(id, name, arguments, meta):
    global count
    if name == "echo":
        return text(arguments["text"])
    if name == "count":
        count += 1
        return text(str(count))
    if name == "seen":
        return text(seen)
    if name == "cancelled":
        return text(cancelled)
    if name == "environment":
        return text(sorted(os.environ))
    if name == "progress":
        for step in (1, 2):
            notify("notifications/progress", progressToken=meta["progressToken"], progress=step)
        return text("done")
    if name == "ask":
        answers[id] = "open"
        say({"jsonrpc": "2.0", "id": "server-1", "method": "sampling/createMessage", "params": {"call": id}})
        return None
    if name == "ask strangely":
        answers["strange"] = id
        say('{"jsonrpc":"2.0",\t"method":"sampling/createMessage","id":"s\u2028\u0085\u00e9"}')
        return None
    if name == "unclean":
        return text(unclean)
    if name == "fork":
        return text(str(subprocess.Popen(["sleep", "600"]).pid))
    if name == "mute":
        os.close(1)
        return None
    if name == "announce":
        notify("notifications/tools/list_changed")
        return text("announced")
    if name == "garbage":
        say("listening on port 7")
        say('{"jsonrpc":"2.0","method":"x"')
        say("\x1b[31mred\x1b[0m")
        sys.stderr.write("forged\rline \x1b[2J\n" + "x" * 100_000 + "\n")
        return text("clean")
    if name == "twice":
        say('{"jsonrpc":"2.0","id":%d,"result":{"id":99,"a":1,"a":2}}' % id)
        return None
    if name == "huge":
        return text("x" * 5_000_000)
    if name == "crash":
        os._exit(3)
    return None


def serve(message):
    method, id, params = message.get("method"), message.get("id"), message.get("params") or {}
    seen.append(method)
    if method is None:
        if id == "server-1":
            say({"jsonrpc": "2.0", "id": answers.popitem()[0], "result": text(message.get("result") or message["error"])})
        if id == "s\u2028\u0085\u00e9":
            say({"jsonrpc": "2.0", "id": answers.pop("strange"), "result": text("answered")})
        return
    if method == "notifications/cancelled":
        cancelled.append(params["requestId"])
    if id is None:
        return
    if method == "initialize":
        result = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "child", "version": str(os.getpid())}}
        if params["protocolVersion"] == "refuse":
            return say({"jsonrpc": "2.0", "id": id, "error": {"code": -32602, "message": "no"}})
    elif method == "tools/list":
        result = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
    elif method == "server/discover" and "modern" in sys.argv:
        result = {"resultType": "complete", "supportedVersions": ["2026-07-28"]}
    elif method == "server/discover" and "fragile" in sys.argv:
        os._exit(1)
    elif method == "subscriptions/listen" and "listened" in sys.argv:
        asked = params["notifications"]
        say({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
             "params": {"notifications": asked, "_meta": {"io.modelcontextprotocol/subscriptionId": id}}})
        return
    elif method == "subscriptions/listen":
        say({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
             "params": {"_meta": {"io.modelcontextprotocol/subscriptionId": id}}})
        result = {"_meta": {"io.modelcontextprotocol/subscriptionId": id}}
    elif method == "tools/call":
        result = call(id, params["name"], params.get("arguments") or {}, params.get("_meta") or {})
        if result is None:
            return
    else:
        return say({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no " + method}})
    # The id last, as the TypeScript SDK writes it.
    say({"result": result, "jsonrpc": "2.0", "id": id})


if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "dying" in sys.argv:
    os._exit(1)
for line in open(0, newline=None, encoding="utf-8"):
    unclean.extend(ascii(c) for c in line if not " " <= c <= "~" and c != "\n")
    try:
        message = json.loads(line)
    except ValueError:
        continue
    serve(message)
while "deaf" in sys.argv:
    signal.pause()
