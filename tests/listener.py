"""Payloads that call home when something runs or fetches them, and the home that listens."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Listener:
    """What a payload would call: every request that reaches it is a hit."""

    def __init__(self) -> None:
        self.hits: list[tuple[str, str]] = []
        hits = self.hits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                # A link that was clicked is a document; anything else was fetched or run.
                hits.append((self.path, self.headers.get("Sec-Fetch-Dest", "")))
                self.send_response(204)
                self.end_headers()

            do_POST = do_PUT = do_OPTIONS = do_HEAD = do_GET

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def payloads(self) -> list[str]:
        """The attacks of payloads.json, each calling this listener by its own id."""
        texts = []
        for payload in json.loads((HERE / "payloads.json").read_text(encoding="utf-8")):
            callback = f"{self.url}/{payload['id']}"
            text = payload["payload"].replace("{CBNOPROTO}", callback.removeprefix("http:")).replace("{CB}", callback)
            texts.append(text.replace("{ID}", payload["id"]))
        return texts

    @property
    def bait(self) -> str:
        """A cell with a reply shown as most tools do: it must be heard, or a test would hear nothing at all."""
        return f'from IPython.display import Markdown\nMarkdown("<img src=x onerror=\\"fetch(\'{self.url}/bait\')\\">")'

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
