"""A client on the Python SDK that gets its tokens by the SDK's own OAuth code.

    python consent.py legacy|auto URL

Whoever is asked for consent gives it: the redirect is followed without a browser. Calls `echo`, `delete_all` and
`echo` again, and prints one JSON line.
"""

import asyncio
import json
import sys
import warnings
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

warnings.simplefilter("ignore")


class Drawer:
    """Keeps tokens in memory."""

    def __init__(self) -> None:
        self.tokens = None
        self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info) -> None:
        self.client = client_info


class Person:
    """Gives consent to whatever is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: dict[str, list[str]] = {}

    async def visit(self, url: str) -> None:
        self.asked.append(parse_qs(urlsplit(url).query).get("scope", [""])[0])
        async with httpx2.AsyncClient() as browser:
            redirect = await browser.get(url)
        self.answer = parse_qs(urlsplit(redirect.headers["location"]).query)

    async def come_back(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=self.answer["code"][0], state=self.answer["state"][0])


async def run(mode: str, url: str) -> dict:
    person = Person()
    metadata = OAuthClientMetadata(
        client_name="peer", redirect_uris=["http://127.0.0.1:1/back"], token_endpoint_auth_method="none"
    )
    auth = OAuthClientProvider(url, metadata, Drawer(), person.visit, person.come_back)
    texts = []
    async with create_mcp_http_client(auth=auth) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            for tool in ["echo", "delete_all", "echo"]:
                result = await client.call_tool(tool, {"message": "ok"} if tool == "echo" else {})
                texts.append({"text": result.content[0].text, "failed": result.is_error})
    return {"asked": person.asked, "results": texts}


print(json.dumps(asyncio.run(run(*sys.argv[1:3]))))
