"""What the service is measured against: a bare Starlette route. On the same uvicorn it reads and answers the same JSON.

Run with a file that holds the answer; prints its port. A request with "stream": true gets the answer in pieces.
"""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from aoai_magic.local.server import configured, settle

ANSWER = json.loads(Path(sys.argv[1]).read_text())


async def answer(request: Request) -> Response:
    body = await request.json()
    return StreamingResponse(pieces(), media_type="text/event-stream") if body.get("stream") else JSONResponse(ANSWER)


async def pieces() -> AsyncIterator[bytes]:
    yield b"data: " + json.dumps(ANSWER, separators=(",", ":")).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    settle()
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(configured(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])]))).run([listener])
