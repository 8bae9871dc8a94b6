"""What is counted before a request is sent is what the service says that it was: two programs, and the wire between."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageOps

import aoai_magic as aoai
from aoai_magic import catalog, connect, tokens
from aoai_magic.client import Connection

from . import corpus

MODELS = "gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-5 gpt-5-mini gpt-5-nano o4-mini".split()
EACH = 35
WORDS = [word for words in corpus.locales(2000).values() for word in words] + corpus.code(20_000)[:5]
KINDS = {"PNG": "L", "JPEG": "L", "WEBP": "RGB", "GIF": "P"}  # formats, and a kind of pixels that each takes


@pytest.fixture
def connection() -> Connection:
    return connect("local")


class Draw(random.Random):
    """Draws requests as people write them: any language, names, pictures, several turns, tools, schemas."""

    def text(self) -> str:
        odd = ["<|endoftext|>", "<|im_start|>", "👩‍🚀", "\u00a0", "\r\n", "don't", "", "1234567", " " * 9]
        return self.choice([" ", "\n", ""]).join(self.choices([*WORDS, *odd], k=self.randint(1, 12)))

    def picture(self) -> tuple[dict[str, Any], tuple[int, int]]:
        kind = self.choice(list(KINDS))
        image = Image.new(KINDS[kind], (self.randint(1, 1600), self.randint(1, 1600)))
        exif = Image.Exif()
        if kind != "GIF":
            exif[0x0112] = self.randint(1, 8)
        file = io.BytesIO()
        image.save(file, kind, exif=exif)
        url = f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"
        picture = {"url": url, "detail": self.choice(["low", "high", "auto"])}
        return {"type": "image_url", "image_url": picture}, ImageOps.exif_transpose(Image.open(file)).size

    def facts(self, depth: int = 0) -> dict[str, Any]:
        kind = self.choice(["string", "integer", "boolean", *(["array", "object"] if depth < 2 else [])])
        facts: dict[str, Any] = {"type": kind}
        if self.random() < 0.6:
            facts["description"] = self.text() + self.choice(["", ".", "…"])
        if kind == "string" and self.random() < 0.4:
            facts["enum"] = self.choices(WORDS, k=3)
        if kind == "array":
            facts["items"] = self.facts(depth + 1)
        if kind == "object":
            facts |= self.object(depth + 1)
        return facts

    def object(self, depth: int = 0) -> dict[str, Any]:
        properties = {
            self.choice(["city", "unit", "größe", "日", "n"]): self.facts(depth) for _ in range(self.randint(0, 3))
        }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def tool(self) -> dict[str, Any]:
        function: dict[str, Any] = {"name": f"f{self.randint(0, 999)}"}
        if self.random() < 0.7:
            function["description"] = self.text()
        if self.random() < 0.8:
            function["parameters"] = self.object()
        return {"type": "function", "function": function}

    def messages(self, sizes: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
        if self.random() < 0.5:
            yield {"role": self.choice(["system", "developer"]), "content": self.text()}
        for turn in range(self.randint(1, 3)):
            user: dict[str, Any] = {"role": "user", "content": self.text()}
            if self.random() < 0.3:
                user["name"] = self.choice(["ada", "example_user"])
            if self.random() < 0.3:
                picture, size = self.picture()
                user["content"] = [{"type": "text", "text": user["content"]}, picture]
                sizes.append(size)
            if turn and self.random() < 0.3:
                function = {"name": "look", "arguments": '{"city": "東京"}'}
                yield {"role": "user", "content": self.text()}
                yield {
                    "role": "assistant",
                    "content": self.choice([None, self.text()]),
                    "tool_calls": [{"id": f"call_{turn}", "type": "function", "function": function}],
                }
                yield {"role": "tool", "tool_call_id": f"call_{turn}", "content": self.text()}
            elif turn:
                yield {"role": "assistant", "content": self.text()}
            yield user

    def more(self) -> dict[str, Any]:
        """What a request has beside its messages."""
        more: dict[str, Any] = {"stream": self.random() < 0.5}
        if self.random() < 0.4:
            more["tools"] = [self.tool() for _ in range(self.randint(1, 4))]
        if (form := self.random()) < 0.2:
            more["response_format"] = {"type": "json_schema", "json_schema": {"name": "it", "schema": self.object()}}
        elif form < 0.4:
            more["response_format"] = {"type": "json_object"}
        return more


@pytest.mark.parametrize("model", MODELS)
def test_the_services_prompt_tokens_are_those_counted_before(model: str, connection: Connection) -> None:
    known = catalog.model(model)
    assert known
    limit = {"max_completion_tokens" if "max_tokens" in known.refuses else "max_tokens": 16}
    seen = set()
    for number in range(EACH):
        draw = Draw(f"{model} {number}")
        sizes: list[tuple[int, int]] = []
        messages = [*draw.messages(sizes), {"role": "user", "content": "As JSON."}]
        more = draw.more()
        schema = more.get("response_format", {}).get("json_schema", {}).get("schema")
        parts = tokens.chat_parts(messages, model, more.get("tools"), schema)
        pictures = [one["content"][1]["image_url"] for one in messages if isinstance(one["content"], list)]
        assert [part.image for part in parts if part.image] == [
            tokens.count_image(*size, model, picture["detail"]) for size, picture in zip(sizes, pictures, strict=True)
        ]

        reply = aoai.chat(messages, deployment=model, **limit, **more, connection=connection)
        assert reply.usage
        assert reply.usage.prompt_tokens == sum(part.tokens for part in parts), (number, messages, more)
        seen |= {part.name for part in parts}
    assert {"user", "system", "developer", "assistant", "tool", "image", "1 tool", "2 tools", "schema"} <= seen
    assert len(MODELS) * EACH >= 300


@pytest.mark.parametrize("model", MODELS)
def test_the_responses_api_counts_the_same(model: str, connection: Connection) -> None:
    for number in range(4):
        draw = Draw(f"response {model} {number}")
        picture, size = draw.picture()
        schema, detail = draw.object(), picture["image_url"]["detail"]
        words = [draw.text() for _ in range(4)]
        parts = [{"type": "input_text", "text": words[3]}, {"type": "input_image", **picture["image_url"]}]
        parts[1]["image_url"] = parts[1].pop("url")
        given: Any = [{"role": "user", "content": words[1]}, {"role": "assistant", "content": words[2]}]
        response = connection.client.responses.create(
            model=model,
            instructions=words[0],
            input=[*given, {"role": "user", "content": parts}],
            text={"format": {"type": "json_schema", "name": "it", "schema": schema}},
            max_output_tokens=16,
        )
        counted = tokens.count_chat(
            [{"role": "system", "content": words[0]}, *given, {"role": "user", "content": words[3]}],
            model,
            None,
            schema,
        )
        assert response.usage
        assert response.usage.input_tokens == counted + tokens.count_image(*size, model, detail).total


@pytest.mark.parametrize("model", MODELS)
def test_a_chat_that_goes_through_the_responses_api_costs_what_was_foreseen(model: str, connection: Connection) -> None:
    for number in range(8):
        draw = Draw(f"through responses {model} {number}")
        messages = [*draw.messages([]), {"role": "user", "content": "As JSON."}]
        reply = aoai.chat(
            messages, deployment=model, api="responses", max_tokens=16, **draw.more(), connection=connection
        )
        assert reply.usage
        assert reply.estimate
        assert reply.usage.prompt_tokens == reply.estimate.prompt_tokens, (number, messages)
