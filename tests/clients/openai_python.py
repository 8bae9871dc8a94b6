"""The openai Python SDK: both of Azure's addresses, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
from collections.abc import Coroutine
from typing import Any, ClassVar

import openai

from .client import ERRORS, WEATHER, Client, Failure, Place, get_weather


class _Python(Client):
    """The features, written once for clients that answer at once and clients that have to be awaited."""

    can = (
        *("conversation", "stream", "tools", "schema", "responses", "picture", "image", "embeddings"),
        *ERRORS,
    )
    kind: ClassVar[type[Any]]

    def __init__(self, endpoint: str, key: str) -> None:
        super().__init__(endpoint, key)
        self._loop = asyncio.Runner()
        self._client = self.kind(**self._options())

    def _options(self) -> dict[str, Any]:
        return {"base_url": f"{self.endpoint}/openai/v1/", "api_key": self.key}

    def close(self) -> None:
        self._run(_settled(self._client.close()))
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run(work)

    def ask(self, deployment: str, prompt: str) -> str:
        return self.conversation(deployment, [prompt])[0][0]

    def failure(self, error: Exception) -> Failure:
        assert isinstance(error, openai.APIStatusError)
        return Failure(error.status_code, str(error.code), error.body)

    def conversation(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        async def work() -> list[tuple[str, int]]:
            messages: list[Any] = [{"role": "system", "content": "You answer in one word."}]
            answers = []
            for prompt in prompts:
                messages.append({"role": "user", "content": prompt})
                reply = await _settled(self._client.chat.completions.create(model=deployment, messages=messages))
                messages.append(reply.choices[0].message)
                answers.append((reply.choices[0].message.content, reply.usage.prompt_tokens))
            return answers

        return self._run(work())

    def stream(self, deployment: str, prompt: str) -> list[str]:
        async def work() -> list[str]:
            messages = [{"role": "user", "content": prompt}]
            stream = await _settled(
                self._client.chat.completions.create(model=deployment, messages=messages, stream=True)
            )
            chunks = [one async for one in stream] if hasattr(stream, "__aiter__") else list(stream)
            return [choice.delta.content for one in chunks for choice in one.choices if choice.delta.content]

        return self._run(work())

    def tools(self, deployment: str, prompt: str) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        async def work() -> tuple[list[tuple[str, dict[str, Any]]], str]:
            messages: list[Any] = [{"role": "user", "content": prompt}]
            calls: list[tuple[str, dict[str, Any]]] = []
            while True:
                reply = await _settled(
                    self._client.chat.completions.create(model=deployment, messages=messages, tools=[WEATHER])
                )
                message = reply.choices[0].message
                if not message.tool_calls:
                    return calls, message.content
                messages.append(message)
                for call in message.tool_calls:
                    arguments = json.loads(call.function.arguments)
                    calls.append((call.function.name, arguments))
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": get_weather(**arguments)})

        return self._run(work())

    def schema(self, deployment: str, prompt: str) -> Place:
        async def work() -> Place:
            messages = [{"role": "user", "content": prompt}]
            reply = await _settled(
                self._client.chat.completions.parse(model=deployment, messages=messages, response_format=Place)
            )
            return reply.choices[0].message.parsed

        return self._run(work())

    def responses(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        async def work() -> list[tuple[str, int]]:
            answers, previous = [], None
            for prompt in prompts:
                reply = await _settled(
                    self._client.responses.create(model=deployment, input=prompt, previous_response_id=previous)
                )
                previous = reply.id
                answers.append((reply.output_text, reply.usage.input_tokens))
            return answers

        return self._run(work())

    def picture(self, deployment: str, prompt: str, png: bytes) -> str:
        async def work() -> str:
            url = "data:image/png;base64," + base64.b64encode(png).decode()
            parts = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}]
            messages = [{"role": "user", "content": parts}]
            reply = await _settled(self._client.chat.completions.create(model=deployment, messages=messages))
            return reply.choices[0].message.content

        return self._run(work())

    def image(self, deployment: str, prompt: str) -> bytes:
        async def work() -> bytes:
            reply = await _settled(self._client.images.generate(model=deployment, prompt=prompt, quality="low"))
            return base64.b64decode(reply.data[0].b64_json)

        return self._run(work())

    def embeddings(self, deployment: str, texts: list[str]) -> list[list[float]]:
        async def work() -> list[list[float]]:
            reply = await _settled(self._client.embeddings.create(model=deployment, input=texts))
            return [one.embedding for one in reply.data]

        return self._run(work())


async def _settled(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


class V1(_Python):
    name = "openai: `OpenAI`, on v1"
    kind = openai.OpenAI


class AsyncV1(_Python):
    name = "openai: `AsyncOpenAI`, on v1"
    kind = openai.AsyncOpenAI


class Classic(_Python):
    name = "openai: `AzureOpenAI`"
    kind = openai.AzureOpenAI

    def _options(self) -> dict[str, Any]:
        return {"azure_endpoint": self.endpoint, "api_key": self.key, "api_version": "2025-04-01-preview"}


class AsyncClassic(Classic):
    name = "openai: `AsyncAzureOpenAI`"
    kind = openai.AsyncAzureOpenAI
