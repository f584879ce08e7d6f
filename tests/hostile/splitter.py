"""An MCP server over standard input and output that reads its input in every careless way at once.

It answers what it reads by the book, one message a line. Beside that it cuts the same bytes as readers
do that split at other line ends, take several values from one line, or know other framings; where one of
them sees a call of `delete_all`, the file MARKER is left behind with the name of that reading.

    {"name": "echo", "arguments": {"emit": HEX}}   writes these bytes, with the call's id for <ID>
    {"name": "echo", "arguments": {"emit": HEX, "exit": true}}   and ends
"""

import json
import os
import re
import sys

BREAKS = {
    "LF": "\n",
    "CR": "\r",
    "universal": "\r\n|\n|\r",
    "every Unicode break": "[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]",
    "record separator": "\x1e",
    "NUL": "\0",
    "blank line": "\r?\n\r?\n",
    "event": "(?m)^data: ?",
    "LSP header": "(?i)content-length: *[0-9]+\r?\n\r?\n",
}
DECODER = json.JSONDecoder(strict=False)


def is_denied(value) -> bool:
    values = value if isinstance(value, list) else [value]
    for one in values:
        params = one.get("params") if isinstance(one, dict) else None
        if isinstance(params, dict) and one.get("method") == "tools/call" and params.get("name") == "delete_all":
            return True
    return False


def values(piece: str):
    """Every value at the start of a piece, one behind the other, as lenient stream readers take them."""
    rest = piece.lstrip("\ufeff \t\r\n\0")
    while rest:
        try:
            value, end = DECODER.raw_decode(rest)
        except ValueError:
            return
        yield value
        rest = rest[end:].lstrip("\ufeff \t\r\n,\0")


def look(data: bytes) -> None:
    for encoding in ("utf-8", "latin-1"):
        text = data.decode(encoding, errors="replace")
        for name, pattern in BREAKS.items():
            for piece in re.split(pattern, text):
                if any(is_denied(value) for value in values(piece)):
                    with open(os.environ["MARKER"], "w") as marker:
                        marker.write(f"{name} in {encoding}: {piece}")


def say(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def answer(message: dict) -> None:
    identifier, method = json.dumps(message.get("id")), message.get("method")
    if "id" not in message or method is None:
        return
    arguments = (message.get("params") or {}).get("arguments") or {}
    if method == "tools/call" and isinstance(arguments.get("emit"), str):
        say(bytes.fromhex(arguments["emit"]).replace(b"<ID>", identifier.encode()))
        if arguments.get("exit"):
            os._exit(0)
        return
    results = {
        "initialize": {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "splitter", "version": "1"},
        },
        "tools/call": {"content": [{"type": "text", "text": "fine"}]},
    }
    result = json.dumps(results.get(method, {}))
    say(f'{{"jsonrpc":"2.0","id":{identifier},"result":{result}}}\n'.encode())


def main() -> None:
    data = b""
    while chunk := os.read(0, 1 << 20):
        data += chunk
        look(data)
        *lines, data = data.split(b"\n")
        for line in lines:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                answer(message)


main()
