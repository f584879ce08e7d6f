"""An MCP server on the Python SDK whose tools advertise what they give: each has an `outputSchema` that the SDK
makes from a model, and that clients hold its results against.

Prints its port; ends with its standard input.
"""

import datetime
import enum
import os
import socket
import sys
import threading
import uuid
from typing import Annotated, Literal

import uvicorn
from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel, Field

server = MCPServer("records-python")

Mail = Annotated[str, Field(json_schema_extra={"format": "email"})]
Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]


class Ward(enum.Enum):
    north = "north"
    south = "south"


class Contact(BaseModel):
    relation: Literal["parent", "spouse"]
    email: Mail


class Patient(BaseModel):
    id: uuid.UUID
    ssn: Annotated[str, Field(pattern=r"^\d{3}-\d{2}-\d{4}$")]
    record: Annotated[str, Field(pattern=r"^MRN-\d{6}$")]
    email: Mail
    home: Url
    born: datetime.date
    member: Annotated[int, Field(ge=100_000_000, le=800_000_000)]
    code: Annotated[str, Field(min_length=4, max_length=8)]
    ward: Ward
    status: Literal["active", "closed"]
    visits: Annotated[int, Field(ge=0, le=100)]
    insurer: Literal["acme", "globex"] | None = None
    hospice: bool = False
    note: str | None = None
    contacts: list[Contact] = []


class Verdict(BaseModel):
    hospice: bool


def ann() -> Patient:
    return Patient(
        id=uuid.UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
        ssn="536-22-8726",
        record="MRN-481516",
        email="maria.lopez@example.org",
        home="https://people.example.org/maria",
        born=datetime.date(1980, 5, 17),
        member=536_228_726,
        code="ML-2342",
        ward=Ward.north,
        status="active",
        visits=3,
        insurer="acme",
        hospice=True,
        note="SSN 536-22-8726, call maria.lopez@example.org",
        contacts=[Contact(relation="spouse", email="juan.lopez@example.org")],
    )


@server.tool(description="Finds a patient")
def patient() -> Patient:
    return ann()


@server.tool(description="Finds all patients")
def patients() -> list[Patient]:
    return [ann(), ann()]


@server.tool(description="Says what nobody may hear")
def verdict() -> Verdict:
    return Verdict(hospice=True)


def end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"port {listener.getsockname()[1]}", flush=True)
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


main()
