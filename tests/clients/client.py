"""What every client in the table is asked to do, whoever wrote it and whatever it calls things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

#: The table's columns. A client names those that it can do; for each there is one test of that name.
FEATURES = {
    "conversation": "conversation",
    "stream": "stream",
    "tools": "tools",
    "schema": "schema",
    "responses": "Responses",
    "picture": "picture in",
    "image": "image out",
    "embeddings": "embeddings",
    "deployments": "deployments",
    "wrong_key": "401",
    "no_deployment": "404",
    "content_filter": "400",
    "rate_limit": "429",
    "retry": "retry",
}
#: The error paths that every client of the data plane comes upon.
ERRORS = ("wrong_key", "no_deployment", "content_filter", "rate_limit", "retry")


class Place(BaseModel):
    """What the schema tests ask for."""

    name: str
    people: int
    kind: Literal["city", "village"]


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"21 degrees in {city or 'town'}"


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


@dataclass(frozen=True)
class Failure:
    """How a refusal reaches the client's user: HTTP status, the service's code, and all that it said."""

    status: int
    code: str
    body: Any


class Client:
    """A client of Azure OpenAI, pointed at `endpoint` with `key`. Its row in the table is `name`."""

    name: ClassVar[str]
    can: ClassVar[tuple[str, ...]]

    def __init__(self, endpoint: str, key: str) -> None:
        self.endpoint, self.key = endpoint, key

    def close(self) -> None:
        """Close its connections."""

    def ask(self, deployment: str, prompt: str) -> str:
        """One question, one answer."""
        raise NotImplementedError

    def failure(self, error: Exception) -> Failure:
        """What its user can learn from an error of its own."""
        raise NotImplementedError

    def conversation(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        """Ask one after the other in one conversation; the answers, each with the tokens of its prompt."""
        raise NotImplementedError

    def stream(self, deployment: str, prompt: str) -> list[str]:
        """The pieces of an answer as they come."""
        raise NotImplementedError

    def tools(self, deployment: str, prompt: str) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        """Let the model call `get_weather` as it likes; the calls it made, and what it said in the end."""
        raise NotImplementedError

    def schema(self, deployment: str, prompt: str) -> Place:
        """An answer in the form of a Place."""
        raise NotImplementedError

    def responses(self, deployment: str, prompts: list[str]) -> list[tuple[str, int]]:
        """A conversation through the Responses API."""
        raise NotImplementedError

    def picture(self, deployment: str, prompt: str, png: bytes) -> str:
        """The answer to a prompt with a picture in it."""
        raise NotImplementedError

    def image(self, deployment: str, prompt: str) -> bytes:
        """An image drawn."""
        raise NotImplementedError

    def embeddings(self, deployment: str, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""
        raise NotImplementedError
