"""The service's own description of its API, in OpenAPI 3.1: what clients and fuzzers can be made from."""

from __future__ import annotations

from typing import Any

from .. import __version__

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_BOOLEAN: _Schema = {"type": "boolean"}
_FILE: _Schema = {"type": "string", "format": "binary"}


def description() -> dict[str, Any]:
    """The whole description, as a JSON object."""
    paths: dict[str, Any] = {}
    for path, (summary, properties, required) in _OPERATIONS.items():
        paths[f"/openai/v1/{path}"] = {"post": _operation(summary, _json(properties, required))}
        if path != "responses":
            own = {name: value for name, value in properties.items() if name != "model"}
            classic = _operation(summary, _json(own, [name for name in required if name != "model"]))
            classic["parameters"] = [_in_path("deployment"), _VERSION]
            paths[f"/openai/deployments/{{deployment}}/{path}"] = {"post": classic}
    for path, methods in _KEPT.items():
        parameters = [_in_path("id")] if "{id}" in path else []
        paths[f"/openai/v1/{path}"] = {
            method: {**_operation(summary, body), "parameters": parameters}
            for method, (summary, body) in methods.items()
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "aoai-magic's local Azure OpenAI service", "version": __version__},
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            }
        },
        "security": [{"key": []}, {"bearer": []}],
    }


def _operation(summary: str, body: _Schema | None) -> _Schema:
    refused = {"description": "Refused, with Azure's error body", "content": {"application/json": {"schema": _ERROR}}}
    answered = {"description": "Answered"}
    codes = ("400", "401", "403", "404", "409", "413", "415", "421", "429")
    operation: _Schema = {
        "summary": summary,
        "responses": {"200": answered, "201": answered, "204": answered, **dict.fromkeys(codes, refused)},
    }
    return operation if body is None else {**operation, "requestBody": body}


def _json(properties: _Schema, required: list[str]) -> _Schema:
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _form(properties: _Schema, *required: str) -> _Schema:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _in_path(name: str) -> _Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _number(least: float, most: float) -> _Schema:
    return {"type": "number", "minimum": least, "maximum": most}


def _integer(least: int, most: int) -> _Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _object(properties: _Schema, *required: str) -> _Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _array(items: _Schema, least: int = 0, most: int = 4) -> _Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _one_of(*values: Any) -> _Schema:
    return {"enum": list(values)}


def _either(*schemas: _Schema) -> _Schema:
    return {"anyOf": list(schemas)}


_VERSION: _Schema = {
    "name": "api-version",
    "in": "query",
    "required": True,
    "schema": _one_of("2024-10-21", "2025-04-01-preview"),
}
_ERROR = _object({"error": _object({"code": {"type": ["string", "null"]}, "message": _TEXT}, "message")}, "error")
_NAME: _Schema = {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$"}
_SCHEMA = _one_of(
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
)
_FUNCTION: _Schema = {"name": _NAME, "description": _TEXT, "parameters": _SCHEMA, "strict": _BOOLEAN}
_NAMED_SCHEMA = _object({"name": _NAME, "schema": _SCHEMA, "strict": _BOOLEAN}, "name", "schema")
_PART = _either(
    _object({"type": _one_of("text"), "text": _TEXT}, "type", "text"),
    _object(
        {"type": _one_of("image_url"), "image_url": _object({"url": _TEXT, "detail": _TEXT}, "url")},
        "type",
        "image_url",
    ),
)
_ROLE = _one_of("system", "user", "assistant", "developer")
_MESSAGE = _object({"role": _ROLE, "content": _either(_TEXT, _array(_PART, 1)), "name": _TEXT}, "role", "content")
_ITEM = _object({"role": _ROLE, "content": _TEXT}, "role", "content")
_TOKENS = _array(_integer(0, 100_000), 1)
_SAMPLING: _Schema = {
    "frequency_penalty": _number(-2, 2),
    "n": _integer(1, 3),
    "presence_penalty": _number(-2, 2),
    "seed": {"type": "integer"},
    "stop": _either(_TEXT, _array(_TEXT)),
    "stream": _BOOLEAN,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "user": _TEXT,
}
_CHAT_MODEL = _one_of("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-5", "o4-mini", "text-embedding-3-small", "nonesuch")
_EMBEDDING_MODEL = _one_of("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002", "gpt-4o")

# Path, then summary, properties of the body, and which of them are required.
_OPERATIONS: dict[str, tuple[str, _Schema, list[str]]] = {
    "chat/completions": (
        "Answer a conversation",
        {
            **_SAMPLING,
            "logprobs": _BOOLEAN,
            "max_completion_tokens": _integer(1, 50),
            "messages": _array(_MESSAGE, 1),
            "model": _CHAT_MODEL,
            "parallel_tool_calls": _BOOLEAN,
            "reasoning_effort": _one_of("low", "medium", "high"),
            "response_format": _either(
                _object({"type": _one_of("text", "json_object")}, "type"),
                _object({"type": _one_of("json_schema"), "json_schema": _NAMED_SCHEMA}, "type", "json_schema"),
            ),
            "stream_options": _object({"include_usage": _BOOLEAN}),
            "tool_choice": _one_of("none", "auto", "required"),
            "tools": _array(
                _object({"type": _one_of("function"), "function": _object(_FUNCTION, "name")}, "type", "function")
            ),
            "top_logprobs": _integer(0, 20),
        },
        ["model", "messages"],
    ),
    "completions": (
        "Continue a text",
        {
            **_SAMPLING,
            "best_of": _integer(1, 3),
            "echo": _BOOLEAN,
            "logprobs": _integer(0, 5),
            "max_tokens": _integer(1, 50),
            "model": _one_of("gpt-35-turbo-instruct", "gpt-4o"),
            "prompt": _either(_TEXT, _array(_TEXT, 1), _TOKENS),
            "suffix": _TEXT,
        },
        ["model", "prompt"],
    ),
    "embeddings": (
        "Turn texts into vectors",
        {
            "dimensions": _integer(1, 3072),
            "encoding_format": _one_of("float", "base64"),
            "input": _either(_TEXT, _array(_TEXT, 1), _TOKENS),
            "model": _EMBEDDING_MODEL,
            "user": _TEXT,
        },
        ["model", "input"],
    ),
    "responses": (
        "Answer, and keep the answer to go on from",
        {
            "input": _either(_TEXT, _array(_ITEM, 1)),
            "instructions": _TEXT,
            "max_output_tokens": _integer(16, 50),
            "model": _CHAT_MODEL,
            "previous_response_id": _TEXT,
            "store": _BOOLEAN,
            "stream": _BOOLEAN,
            "temperature": _number(0, 2),
            "tools": _array(_object({"type": _one_of("function"), **_FUNCTION}, "type", "name")),
            "top_p": _number(0, 1),
        },
        ["model", "input"],
    ),
    "images/generations": (
        "Draw pictures of a prompt",
        {
            "background": _one_of("transparent", "opaque", "auto"),
            "model": _one_of("gpt-image-1", "gpt-4o"),
            "n": _integer(1, 2),
            "output_compression": _integer(0, 100),
            "output_format": _one_of("png", "jpeg"),
            "prompt": {"type": "string", "minLength": 1, "maxLength": 500},
            "quality": _one_of("low", "medium"),
            "size": _one_of("1024x1024", "1024x1536", "1536x1024", "auto"),
            "stream": _BOOLEAN,
            "user": _TEXT,
        },
        ["model", "prompt"],
    ),
}
_BATCH: _Schema = {
    "input_file_id": _TEXT,
    "endpoint": _one_of("/chat/completions", "/v1/responses"),
    "completion_window": _one_of("24h"),
}
# What is kept: path, then method, summary, and body.
_KEPT: dict[str, dict[str, tuple[str, _Schema | None]]] = {
    "images/edits": {
        "post": (
            "Change a picture",
            _form({"image": _FILE, "mask": _FILE, "prompt": _TEXT, "model": _TEXT}, "image", "prompt"),
        )
    },
    "audio/speech": {
        "post": ("Speak a text (no model here supports it)", _json({"model": _TEXT, "input": _TEXT}, ["model"]))
    },
    "audio/transcriptions": {
        "post": (
            "Transcribe speech (no model here supports it)",
            _form({"file": _FILE, "model": _TEXT}, "file", "model"),
        )
    },
    "audio/translations": {
        "post": (
            "Translate speech (no model here supports it)",
            _form({"file": _FILE, "model": _TEXT}, "file", "model"),
        )
    },
    "models": {"get": ("List the models that could be deployed", None)},
    "models/{id}": {"get": ("Describe a model", None)},
    "responses/{id}": {"get": ("Get a response", None), "delete": ("Delete a response", None)},
    "responses/{id}/input_items": {"get": ("List what led to a response", None)},
    "files": {
        "get": ("List files", None),
        "post": ("Upload a file", _form({"file": _FILE, "purpose": _one_of("batch", "fine-tune")}, "file", "purpose")),
    },
    "files/{id}": {"get": ("Describe a file", None), "delete": ("Delete a file", None)},
    "files/{id}/content": {"get": ("Get a file's content", None)},
    "batches": {
        "get": ("List batches", None),
        "post": ("Answer the requests in a file", _json(_BATCH, list(_BATCH))),
    },
    "batches/{id}": {"get": ("Describe a batch", None)},
    "batches/{id}/cancel": {"post": ("Cancel a batch", None)},
    "fine_tuning/jobs": {
        "get": ("List fine-tuning jobs", None),
        "post": (
            "Tune a model (simulated)",
            _json({"model": _CHAT_MODEL, "training_file": _TEXT, "suffix": _TEXT}, ["model", "training_file"]),
        ),
    },
    "fine_tuning/jobs/{id}": {
        "get": ("Describe a fine-tuning job", None),
        "delete": ("Forget a fine-tuning job", None),
    },
    "fine_tuning/jobs/{id}/events": {"get": ("List what happened in a job", None)},
    "fine_tuning/jobs/{id}/checkpoints": {"get": ("List a job's checkpoints", None)},
    "fine_tuning/jobs/{id}/cancel": {"post": ("Cancel a job", None)},
    "fine_tuning/jobs/{id}/pause": {"post": ("Pause a job", None)},
    "fine_tuning/jobs/{id}/resume": {"post": ("Resume a job", None)},
}
