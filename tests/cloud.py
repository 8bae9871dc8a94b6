"""A stand-in for the cloud, the one part that tests can't have: it answers from a queue and keeps a history."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


class Cloud:
    """An HTTP server on loopback. `answer` queues what it will say; `asked` holds what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._queue: list[tuple[int, dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01], name="cloud", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, status: int, body: Any, **headers: str) -> None:
        """Queue an answer; the last one queued is given again and again."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = {"content-type": "application/json"}
        self._queue.append((status, kind | {name.replace("_", "-"): value for name, value in headers.items()}, raw))

    def completion(self, text: str = "Hello!", model: str = "gpt-4o-2024-11-20") -> None:
        """Queue a chat completion."""
        message = {"role": "assistant", "content": text}
        self.answer(
            200,
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
            },
        )

    def stream(self, *events: Any) -> None:
        """Queue a stream of server-sent events, each a chunk or a line as it stands."""
        lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n" for event in events]
        self.answer(200, "".join(lines).encode(), content_type="text/event-stream")

    def __enter__(self) -> Cloud:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Asked:
    """One request that arrived."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def _handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            cloud.asked.append(Asked(self.path, headers, body))
            status, answer_headers, answer = cloud._queue[min(len(cloud.asked), len(cloud._queue)) - 1]
            self.send_response(status)
            for name, value in answer_headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler
