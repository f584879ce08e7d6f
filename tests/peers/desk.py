"""The tools of a server that talks back, in both eras; the same as in desk.mjs."""

import warnings
from collections.abc import Awaitable, Callable
from typing import Annotated

import anyio
import mcp_types as types
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from mcp.server.streamable_http import EventMessage, EventStore
from pydantic import BaseModel

# What 2026-07-28 has put away is just what the legacy era needs.
warnings.simplefilter("ignore")
BOARD = "desk://board"

# What the server saw that no answer tells, for `witness`.
notes: list[str] = []
# Who wants to hear of the board: the sessions of the legacy era.
subscribers: list[object] = []
LEVELS = ("debug", "info", "error")
# From which level on a client of the legacy era wants logs; the SDK leaves that to its users.
level_min = "debug"


class Who(BaseModel):
    name: str


def who(message: str) -> Elicit[Who]:
    return Elicit(message, Who)


def words(question: str) -> Sample:
    content = types.TextContent(type="text", text=question)
    return Sample([types.SamplingMessage(role="user", content=content)], max_tokens=20)


def places() -> ListRoots:
    return ListRoots()


def is_modern(ctx: Context) -> bool:
    return (ctx.protocol_version or "") >= "2026-07-28"


async def ask_user(message: str, answer: Annotated[ElicitationResult[Who], Resolve(who)]) -> str:
    return f"accept: {answer.data.name}" if isinstance(answer, AcceptedElicitation) else answer.action


async def ask_model(question: str, answer: Annotated[types.CreateMessageResult, Resolve(words)]) -> str:
    return answer.content.text


async def ask_roots(answer: Annotated[types.ListRootsResult, Resolve(places)]) -> str:
    return " ".join(str(root.uri) for root in answer.roots)


async def ask_aside(message: str, ctx: Context) -> str:
    """Asks outside of any call's stream: the request takes the session's own stream."""
    answer = await ctx.session.elicit_form(message, Who.model_json_schema())
    return f"{answer.action}: {answer.content['name']}"


async def wait(tag: str, ctx: Context) -> str:
    await ctx.report_progress(1)
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        notes.append(f"cancelled {tag}")
        raise
    return "never read"


def witness() -> str:
    return "; ".join(notes)


async def chatter(ctx: Context) -> str:
    for level in LEVELS if is_modern(ctx) else LEVELS[LEVELS.index(level_min) :]:
        await ctx.log(level, f"{level} words")
    return "logged"


async def drop(ctx: Context) -> str:
    """Drops the connection of its own call; the answer waits for whoever takes the stream up again."""
    await ctx.close_sse_stream()
    await anyio.sleep(0.05)
    return "answered after the drop"


async def touch(ctx: Context) -> str:
    await ctx.notify_resource_updated(BOARD)
    for session in subscribers:
        await session.send_resource_updated(BOARD)
    return "touched"


async def grow(ctx: Context) -> str:
    await ctx.notify_tools_changed()
    if not is_modern(ctx):
        await ctx.session.send_tool_list_changed()
    return "grown"


def board() -> str:
    return "The board"


def greet() -> str:
    return "Good day"


async def subscribe(ctx, params: types.SubscribeRequestParams) -> types.EmptyResult:
    subscribers.append(ctx.session)
    return types.EmptyResult()


async def set_level(ctx, params: types.SetLevelRequestParams) -> types.EmptyResult:
    global level_min
    level_min = params.level
    return types.EmptyResult()


async def unsubscribe(ctx, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    # Each request has a session object of its own, so the latest subscriber is taken for the one that leaves.
    subscribers.pop()
    return types.EmptyResult()


def furnish(server: MCPServer) -> None:
    calls: list[Callable[..., Awaitable[str] | str]] = [
        ask_aside, ask_model, ask_roots, ask_user, chatter, drop, grow, touch, wait, witness,
    ]
    for call in calls:
        server.tool(description=f"The desk's {call.__name__}", structured_output=False)(call)
    server.resource(BOARD, mime_type="text/plain")(board)
    server.prompt(description="Greets")(greet)
    on = server._lowlevel_server.add_request_handler
    on("logging/setLevel", types.SetLevelRequestParams, set_level)
    on("resources/subscribe", types.SubscribeRequestParams, subscribe)
    on("resources/unsubscribe", types.UnsubscribeRequestParams, unsubscribe)


class Events(EventStore):
    """Keeps the events of all sessions, so that their streams can be taken up again."""

    def __init__(self) -> None:
        self.log: list[tuple[str, types.JSONRPCMessage | None]] = []

    async def store_event(self, stream_id, message):
        self.log.append((stream_id, message))
        return str(len(self.log) - 1)

    async def replay_events_after(self, last_event_id, send_callback):
        stream = self.log[int(last_event_id)][0]
        for number, (of, message) in enumerate(self.log):
            if number > int(last_event_id) and of == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream
