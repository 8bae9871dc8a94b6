"""LangChain's classes for Azure OpenAI: `AzureChatOpenAI` and `AzureOpenAIEmbeddings`."""

from __future__ import annotations

import base64
from typing import Any

import openai

from .client import ERRORS, Client, Failure, Place, get_weather

_VERSION = "2025-04-01-preview"


class LangChain(Client):
    name = "langchain-openai: `AzureChatOpenAI`, `AzureOpenAIEmbeddings`"
    can = ("conversation", "stream", "tools", "schema", "responses", "picture", "embeddings", *ERRORS)

    def _model(self, deployment: str, **options: Any) -> Any:
        from langchain_openai import AzureChatOpenAI

        return AzureChatOpenAI(
            azure_deployment=deployment,
            azure_endpoint=self.endpoint,
            api_key=self.key,
            api_version=_VERSION,
            **options,
        )

    def ask(self, deployment: str, prompt: str) -> str:
        return self._model(deployment).invoke(prompt).text

    def failure(self, error: Exception) -> Failure:
        assert isinstance(error, openai.APIStatusError)
        return Failure(error.status_code, str(error.code), error.body)

    def conversation(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        return _talk(self._model(deployment), prompts)

    def responses(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        model = self._model(
            deployment, model=deployment, use_responses_api=True, use_previous_response_id=True, store=True
        )
        return _talk(model, prompts)

    def stream(self, deployment: str, prompt: str) -> list[str]:
        return [chunk.text for chunk in self._model(deployment).stream(prompt) if chunk.text]

    def tools(self, deployment: str, prompt: str) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        from langchain_core.messages import HumanMessage
        from langchain_core.tools import tool

        weather = tool(get_weather)
        model = self._model(deployment).bind_tools([weather])
        messages: list[Any] = [HumanMessage(prompt)]
        calls = []
        while True:
            reply = model.invoke(messages)
            if not reply.tool_calls:
                return calls, reply.text
            messages.append(reply)
            for call in reply.tool_calls:
                calls.append((call["name"], call["args"]))
                messages.append(weather.invoke(call))

    def schema(self, deployment: str, prompt: str) -> Place:
        found: Place = self._model(deployment).with_structured_output(Place).invoke(prompt)
        return found

    def picture(self, deployment: str, prompt: str, png: bytes) -> str:
        from langchain_core.messages import HumanMessage

        data = base64.b64encode(png).decode()
        picture = {"type": "image", "base64": data, "mime_type": "image/png"}
        return self._model(deployment).invoke([HumanMessage([{"type": "text", "text": prompt}, picture])]).text

    def embeddings(self, deployment: str, texts: list[str]) -> list[list[float]]:
        from langchain_openai import AzureOpenAIEmbeddings

        model = AzureOpenAIEmbeddings(
            azure_deployment=deployment, azure_endpoint=self.endpoint, api_key=self.key, api_version=_VERSION
        )
        return model.embed_documents(texts)


def _talk(model: Any, prompts: list[str]) -> list[tuple[str, int]]:
    from langchain_core.messages import HumanMessage

    messages: list[Any] = []
    answers = []
    for prompt in prompts:
        messages.append(HumanMessage(prompt))
        messages.append(reply := model.invoke(messages))
        answers.append((reply.text, reply.usage_metadata["input_tokens"]))
    return answers
