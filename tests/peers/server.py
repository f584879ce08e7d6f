"""An MCP server on the Python SDK: both eras on one endpoint, http://127.0.0.1:PORT/mcp, and
HTTP+SSE of 2024-11-05 at http://127.0.0.1:PORT/sse.

Prints its port; ends with its standard input. `delete_all` leaves the file MARKER behind.

    MARKER=FILE python server.py          or, on its standard input and output:
    MARKER=FILE python server.py stdio
"""

import asyncio
import json
import os
import pathlib
import socket
import sys
import threading

import desk
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import CallToolResult, TextContent

SSN = "536-22-8726"
PAN = "4111 1111 1111 1111"
EMAIL = "maria.lopez@example.org"

server = MCPServer("clinic-python")


@server.tool(description="Says what it is told")
def echo(message: str) -> str:
    return message


@server.tool(description="Finds a patient")
def lookup(patient: str) -> CallToolResult:
    record = {"id": patient, "name": "Maria Lopez", "ssn": SSN, "card": PAN, "email": EMAIL, "visits": 3}
    prose = f"Maria Lopez, SSN {SSN}, card {PAN}, mail {EMAIL}."
    blocks = [TextContent(type="text", text=prose), TextContent(type="text", text=json.dumps(record))]
    return CallToolResult(content=blocks, structured_content=record)


@server.tool(description="Deletes every record")
def delete_all() -> str:
    if marker := os.environ.get("MARKER"):
        pathlib.Path(marker).write_text("deleted")
    return "Everything is gone."


@server.tool(description="Takes its time and reports progress")
async def slow(steps: int, ctx: Context) -> str:
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}: SSN {SSN}, mail {EMAIL}")
        await asyncio.sleep(0.02)
    return f"{steps} steps"


def end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    desk.furnish(server)
    if sys.argv[1:] == ["stdio"]:
        return server.run("stdio")
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"port {listener.getsockname()[1]}", flush=True)
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    app = server.streamable_http_app(event_store=desk.Events(), retry_interval=20)
    app.router.routes.extend(server.sse_app().routes)
    config = uvicorn.Config(app, log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


main()
