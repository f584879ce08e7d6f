"""A client on the Python SDK: connects, carries out the steps, prints one JSON line.

    python client.py legacy|auto URL BEARER STEPS

The words are those of client.mjs; `auto` tries 2026-07-28 first. A URL that is a JSON array is a command to
start and to speak to on its standard input and output.
"""

import asyncio
import json
import sys
import warnings

import mcp_types as types
from mcp import MCPError
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

# What 2026-07-28 has put away is just what the legacy era needs.
warnings.simplefilter("ignore")
PATIENCE = 15
MODERN = "2026-07-28"


def thrown(error: BaseException) -> dict:
    if isinstance(error, MCPError):
        detail = error.error
        return {"error": {"type": "MCPError", "code": detail.code, "message": detail.message, "data": detail.data}}
    return {"error": {"type": type(error).__name__, "message": str(error)}}


def shown(result) -> dict:
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


class Ears:
    """What the server asks, with the answers to it, and what it says unasked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.logs: list[dict] = []
        self.updates: list[str] = []
        self.grown = 0

    async def elicit(self, context, params) -> types.ElicitResult:
        self.asked.append({"elicit": params.message})
        return types.ElicitResult(action="accept", content={"name": "Ada"})

    async def sample(self, context, params) -> types.CreateMessageResult:
        content = params.messages[0].content
        self.asked.append({"sample": (content[0] if isinstance(content, list) else content).text})
        text = types.TextContent(type="text", text="Forty-two")
        return types.CreateMessageResult(role="assistant", model="peer-model", stop_reason="endTurn", content=text)

    async def roots(self, context) -> types.ListRootsResult:
        self.asked.append({"roots": True})
        return types.ListRootsResult(roots=[types.Root(uri="file:///srv/desk", name="desk")])

    async def log(self, params) -> None:
        self.logs.append({"level": params.level, "data": params.data})

    async def hear(self, message) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            self.updates.append(str(message.params.uri))
        if isinstance(message, types.ToolListChangedNotification):
            self.grown += 1


async def call_until(client: Client, step: dict, done) -> dict:
    """Calls until `done` says so. What is listened to may begin only after the first calls."""
    async with asyncio.timeout(PATIENCE):
        while True:
            result = await client.call_tool(step["call"], step.get("args", {}), PATIENCE)
            for _ in range(10):
                if done(result):
                    return {"result": shown(result)}
                await asyncio.sleep(0.01)


async def cancel(client: Client, step: dict) -> dict:
    progress = []
    begun = asyncio.Event()

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        progress.append({"progress": done})
        begun.set()

    call = asyncio.create_task(client.call_tool(step["cancel"], step.get("args", {}), PATIENCE, on_progress))
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
    call.cancel()
    try:
        return {"result": shown(await call), "progress": progress}
    except asyncio.CancelledError as error:
        return {**thrown(error), "progress": progress}


async def log(client: Client, step: dict, ears: Ears) -> dict:
    ears.logs.clear()
    is_modern = client.protocol_version == MODERN
    if not is_modern:
        await client.set_logging_level(step["log"])
    meta = {"io.modelcontextprotocol/logLevel": step["log"]} if is_modern else None
    result = await client.call_tool(step["call"], {}, PATIENCE, meta=meta)
    return {"result": shown(result), "logs": list(ears.logs)}


async def watch(client: Client, step: dict, ears: Ears) -> dict:
    uri, honored = step["watch"], None
    heard = lambda _: bool(ears.updates)  # noqa: E731
    if client.protocol_version == MODERN:
        async with client.listen(resource_subscriptions=[uri]) as subscription:
            honored = shown(subscription.honored)
            await call_until(client, step, heard)
    else:
        await client.subscribe_resource(uri)
        await call_until(client, step, heard)
        await client.unsubscribe_resource(uri)
    return {"updates": sorted(set(ears.updates)), "honored": honored}


async def grow(client: Client, step: dict, ears: Ears) -> dict:
    calls, heard = {"call": step["grow"]}, lambda _: ears.grown > 0
    if client.protocol_version == MODERN:
        async with client.listen(tools_list_changed=True):
            await call_until(client, calls, heard)
    else:
        await call_until(client, calls, heard)
    return {"grown": True}


async def carry_out(client: Client, step: dict, ears: Ears) -> dict:
    if step.get("list"):
        return {"tools": [tool.name for tool in (await client.list_tools()).tools]}
    if step.get("cancel"):
        return await cancel(client, step)
    if step.get("grow"):
        return await grow(client, step, ears)
    if step.get("log"):
        return await log(client, step, ears)
    if step.get("prompt"):
        return {"result": shown(await client.get_prompt(step["prompt"]))}
    if step.get("read"):
        return {"result": shown(await client.read_resource(step["read"]))}
    if step.get("until"):
        return await call_until(client, step, lambda result: step["until"] in str(result))
    if step.get("watch"):
        return await watch(client, step, ears)
    progress = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        progress.append({"progress": done, "total": total, "message": message})

    result = await client.call_tool(step["call"], step.get("args", {}), PATIENCE, on_progress)
    return {"result": shown(result), "progress": progress}


async def converse(client: Client, steps: str, ears: Ears) -> dict:
    done = []
    for step in json.loads(steps):
        try:
            done.append(await carry_out(client, step, ears))
        except Exception as error:
            done.append(thrown(error))
    server = client.server_info and client.server_info.name
    return {"server": server, "revision": client.protocol_version, "steps": done, "asked": ears.asked}


async def run(mode: str, url: str, bearer: str, steps: str) -> dict:
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    ears = Ears()
    async with create_mcp_http_client(headers=headers) as http:
        if url.startswith("["):
            command, *args = json.loads(url)
            transport = StdioServerParameters(command=command, args=args, env={"SLUICEGATE_TOKEN": bearer})
        elif url.endswith("/sse"):
            transport = sse_client(url, headers)
        else:
            transport = streamable_http_client(url, http_client=http)
        async with Client(
            transport,
            mode=mode,
            elicitation_callback=ears.elicit,
            list_roots_callback=ears.roots,
            logging_callback=ears.log,
            message_handler=ears.hear,
            sampling_callback=ears.sample,
        ) as client:
            return await converse(client, steps, ears)


def connect_failure(error: BaseException) -> dict:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return {"connect": thrown(error)["error"], "steps": []}


try:
    outcome = asyncio.run(run(*sys.argv[1:5]))
except Exception as error:
    outcome = connect_failure(error)
print(json.dumps(outcome))
