"""A client on the Python SDK: connects, carries out the steps, prints one JSON line.

    python client.py legacy|auto URL BEARER STEPS

The words are those of client.mjs; `auto` tries 2026-07-28 first.
"""

import asyncio
import json
import sys

from mcp import MCPError
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def thrown(error: BaseException) -> dict:
    if isinstance(error, MCPError):
        detail = error.error
        return {"error": {"type": "MCPError", "code": detail.code, "message": detail.message, "data": detail.data}}
    return {"error": {"type": type(error).__name__, "message": str(error)}}


async def carry_out(client: Client, step: dict) -> dict:
    if step.get("list"):
        return {"tools": [tool.name for tool in (await client.list_tools()).tools]}
    progress = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        progress.append({"progress": done, "total": total, "message": message})

    result = await client.call_tool(step["call"], step.get("args", {}), 20, on_progress)
    return {"result": result.model_dump(mode="json", by_alias=True, exclude_none=True), "progress": progress}


async def run(mode: str, url: str, bearer: str, steps: str) -> dict:
    done = []
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    async with create_mcp_http_client(headers=headers) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            for step in json.loads(steps):
                try:
                    done.append(await carry_out(client, step))
                except Exception as error:
                    done.append(thrown(error))
    return {"steps": done}


def connect_failure(error: BaseException) -> dict:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return {"connect": thrown(error)["error"], "steps": []}


try:
    outcome = asyncio.run(run(*sys.argv[1:5]))
except Exception as error:
    outcome = connect_failure(error)
print(json.dumps(outcome))
