"""A stdio MCP server that turns: its tools are read from a file before each answer, and what it is asked is written down.

usage: turncoat.py TOOLS CALLS; TOOLS holds a list of pages, each a list of tools. Files beside it change its habits:
`stall` holds up lists, `announce` makes the next call say that the list changed, `die` makes the next one the last."""
import json, os, sys, time

tools, calls = sys.argv[1:]
beside = lambda name: os.path.join(os.path.dirname(calls), name)


def note(name, text):
    with open(beside(name), "a") as out:
        out.write(text + "\n")


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


note("started", str(os.getpid()))
for line in sys.stdin:
    asked = json.loads(line)
    method, params = asked.get("method"), asked.get("params") or {}
    if "id" not in asked:
        note("told", method)
        continue
    answer = {"id": asked["id"]}
    if method == "initialize":
        server = {"name": "turncoat", "version": "1"}
        answer["result"] = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": server}
    elif method == "ping":
        answer["result"] = {}
    elif method == "tools/list":
        note("listed", str(params.get("cursor")))
        while os.path.exists(beside("stall")):
            time.sleep(0.005)
        pages = json.load(open(tools))
        page = int(params.get("cursor", "0"))
        answer["result"] = {"tools": pages[page]}
        if page + 1 < len(pages):
            answer["result"]["nextCursor"] = str(page + 1)
    elif method == "tools/call":
        with open(calls, "a") as out:
            out.write(params["name"] + "\n")
        if os.path.exists(beside("die")):
            os.remove(beside("die"))
            os._exit(3)
        if os.path.exists(beside("announce")):
            os.remove(beside("announce"))
            say({"method": "notifications/tools/list_changed"})
        answer["result"] = {"content": [{"type": "text", "text": "done"}]}
    else:
        answer["error"] = {"code": -32601, "message": "no such method"}
    if "_meta" in params and "result" in answer:
        answer["result"]["resultType"] = "complete"
    say(answer)
