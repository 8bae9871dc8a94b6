"""Simon Willison's `llm`, told of the service in its own configuration file and its own store of keys."""

from __future__ import annotations

import gc
import json
import os
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import openai

from .client import ERRORS, Client, Failure, Place, get_weather


class Llm(Client):
    name = "llm"
    can = ("conversation", "stream", "tools", "schema", "responses", "picture", "embeddings", *ERRORS)

    def _model(self, deployment: str, *, responses: bool = False) -> Any:
        folder = Path(os.environ["LLM_USER_PATH"])
        about = {
            "model_id": "here",
            "model_name": deployment,
            "api_base": f"{self.endpoint}/openai/v1/",
            "api_key_name": "here",
            "supports_tools": True,
            "supports_schema": True,
            "vision": True,
            "responses": responses,
        }
        # JSON is YAML.
        (folder / "extra-openai-models.yaml").write_text(json.dumps([about]))
        (folder / "keys.json").write_text(json.dumps({"here": self.key}))
        import llm

        return llm.get_model("here")

    def close(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # llm closes none of the SDK's clients that it makes
            gc.collect()

    def ask(self, deployment: str, prompt: str) -> str:
        return str(self._model(deployment).prompt(prompt).text())

    def failure(self, error: Exception) -> Failure:
        assert isinstance(error, openai.APIStatusError)
        return Failure(error.status_code, str(error.code), error.body)

    def conversation(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        return _talk(self._model(deployment), prompts)

    def responses(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        return _talk(self._model(deployment, responses=True), prompts)

    def stream(self, deployment: str, prompt: str) -> list[str]:
        return [piece for piece in self._model(deployment).prompt(prompt) if piece]

    def tools(self, deployment: str, prompt: str) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        calls = []
        chain = self._model(deployment).chain(
            prompt, tools=[get_weather], after_call=lambda tool, call, result: calls.append((call.name, call.arguments))
        )
        *_, last = chain.responses()
        return calls, last.text()

    def schema(self, deployment: str, prompt: str) -> Place:
        return Place.model_validate_json(self._model(deployment).prompt(prompt, schema=Place).text())

    def picture(self, deployment: str, prompt: str, png: bytes) -> str:
        import llm

        return str(self._model(deployment).prompt(prompt, attachments=[llm.Attachment(content=png)]).text())

    def embeddings(self, deployment: str, texts: list[str]) -> list[list[float]]:
        import llm

        with mock.patch.dict(
            os.environ, {"OPENAI_BASE_URL": f"{self.endpoint}/openai/v1/", "OPENAI_API_KEY": self.key}
        ):
            return list(llm.get_embedding_model(deployment).embed_multi(texts))


def _talk(model: Any, prompts: list[str]) -> list[tuple[str, int]]:
    conversation = model.conversation()
    answers = []
    for prompt in prompts:
        reply = conversation.prompt(prompt)
        answers.append((reply.text(), reply.usage().input))
    return answers
