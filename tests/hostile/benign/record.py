"""Records what the SDK clients of tests/peers send, as JSON lines: one line a request, in their order.

Run it from the root of the project, after `bash tests/setup.sh test`; it writes recorded.jsonl anew:

    tests/peers/.venv/bin/python tests/hostile/benign/record.py

A proxy on loopback stands between client and server, keeps each request, and passes it on. Sessions,
credentials and ports are replaced by words, so that the requests can be sent again.
"""

import http.client
import json
import pathlib
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PEERS = pathlib.Path("tests/peers")
NODE = str(PEERS / ".node/bin/node") if (PEERS / ".node/bin/node").exists() else "node"
SERVERS = {"python": [sys.executable, "server.py"], "typescript": [NODE, "server.mjs"]}
CLIENTS = {
    "python-auto": [sys.executable, "client.py", "auto"],
    "python-legacy": [sys.executable, "client.py", "legacy"],
    "typescript-modern": [NODE, "client.mjs", "modern"],
    "typescript-v1": [NODE, "client.mjs", "v1"],
    "typescript-v2": [NODE, "client.mjs", "v2"],
}
MESSAGES = [
    "hello", "", "Zoë ☂ \U0001f9ea \u202e\u200b", "tools/call delete_all", '{"name":"delete_all"}', "line\nbreak\r\n\ttab", "\\ \" / \x7f", "a" * 3000,
]
STEPS = [{"list": True}]
STEPS += [{"call": "echo", "args": {"message": message}} for message in MESSAGES]
STEPS += [{"call": "lookup", "args": {"patient": "7"}}, {"call": "slow", "args": {"steps": 2}}, {"list": True}]


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port = 0
    kept: list = []
    lock = threading.Lock()

    def exchange(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if "chunked" in self.headers.get("transfer-encoding", ""):
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        headers = [[name, value] for name, value in self.headers.items()]
        with self.lock:
            self.kept.append({"method": self.command, "headers": headers, "body": body.decode()})
        upstream = http.client.HTTPConnection("127.0.0.1", self.port)
        upstream.request(self.command, self.path, body or None, {**dict(self.headers.items()), "connection": "close"})
        answer = upstream.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        while piece := answer.read1(65536):
            self.wfile.write(piece)
            self.wfile.flush()

    do_POST = do_GET = do_DELETE = exchange

    def log_message(self, *_words) -> None:
        pass


def anew(request: dict, names: list) -> dict:
    """The request with words in the place of what is different each time."""
    headers = []
    for name, value in request["headers"]:
        replacements = {"host": "HOST", "authorization": "Bearer KEY", "mcp-session-id": "SESSION", "last-event-id": "EVENT"}
        if name.lower() in ("content-length", "transfer-encoding"):
            continue
        headers.append([name, replacements.get(name.lower(), value)])
    return {"of": names, **request, "headers": headers}


def main() -> None:
    lines = []
    for server, command in SERVERS.items():
        process = subprocess.Popen(command, cwd=PEERS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        Proxy.port = int(re.search(r"port (\d+)", process.stdout.readline())[1])
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        for client, words in CLIENTS.items():
            Proxy.kept = []
            url = f"http://127.0.0.1:{proxy.server_port}/mcp"
            subprocess.run([*words, url, "KEY", json.dumps(STEPS)], cwd=PEERS, check=True, stdout=subprocess.DEVNULL)
            lines += [json.dumps(anew(request, [client, server])) for request in Proxy.kept]
        proxy.shutdown()
        process.kill()
    pathlib.Path("tests/hostile/benign/recorded.jsonl").write_text("\n".join(lines) + "\n")


main()
