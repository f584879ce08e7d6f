"""Plays a server and its callers, so that there is something to take a picture of.

stage.py server           prints the port on which it serves MCP until its input ends
stage.py callers URL N    makes N calls, as four callers at once
"""

import http.client
import http.server
import json
import random
import socketserver
import sys
import threading
import time
import urllib.parse

SLOW = {"ledger.export": 0.02, "customer.lookup": 0.004, "payment.capture": 0.009, "payment.refund": 0.012}
CALLS = [
    ("invoice.get", 28), ("invoice.list", 14), ("customer.lookup", 20), ("payment.capture", 14),
    ("payment.refund", 12), ("ledger.export", 4), ("account.delete", 5), ("admin.shell", 2),
]


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["content-length"])))
        tool = message.get("params", {}).get("name", "")
        time.sleep(SLOW.get(tool, 0.002) * random.uniform(0.6, 1.6))
        if tool == "ledger.export":
            self.close_connection = True  # and no answer, so that its breaker opens
            return
        text = "invoice 1042, 118.00, maria@example.org" if tool == "customer.lookup" else "done"
        result = {"content": [{"type": "text", "text": text}]}
        body = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def serve():
    server = Threads(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


def call(user, url, count, seed):
    chance = random.Random(seed)
    names, weights = zip(*CALLS)
    connection = http.client.HTTPConnection(url.hostname, url.port)
    headers = {"authorization": f"Bearer picture-key-{user}", "content-type": "application/json",
               "accept": "application/json, text/event-stream"}
    for number in range(count):
        tool = chance.choices(names, weights)[0]
        amount = chance.choice([15, 40, 120, 180, 260, 480])
        params = {"name": tool, "arguments": {"amount": amount}}
        message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        connection.request("POST", url.path, json.dumps(message), headers)
        connection.getresponse().read()
        time.sleep(chance.uniform(0.03, 0.2))


def main():
    if sys.argv[1] == "server":
        return serve()
    url, count = urllib.parse.urlparse(sys.argv[2]), int(sys.argv[3])
    threads = [threading.Thread(target=call, args=(user, url, count // 4, seed))
               for seed, user in enumerate(["ana", "ben", "cho", "dee"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


main()
