"""One rich, valid body for each thing the service can be asked: what fuzzing starts from."""

from __future__ import annotations

from typing import Any

V1 = "/openai/v1"
ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/local"
ARM_VERSION = "?api-version=2024-10-01"
PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where.", "enum": ["Paris"]},
        "counts": {"type": "array", "items": {"type": "integer", "minimum": 3, "multipleOf": 2}, "minItems": 2},
        "inner": {"$ref": "#/$defs/inner"},
        "either": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 2, "format": "date"}]},
    },
    "required": ["city", "counts", "inner", "either"],
    "additionalProperties": False,
    "$defs": {"inner": {"type": "object", "properties": {}, "required": [], "additionalProperties": False}},
}
_FUNCTION = {"name": "look", "description": "Looks.", "parameters": SCHEMA, "strict": True}
_CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
_SAMPLING = {
    "temperature": 1, "top_p": 1, "stop": ["zz"], "presence_penalty": 0, "frequency_penalty": 0, "logit_bias": {"100": 5},
    "seed": 3, "user": "somebody",
}  # fmt: skip
_MESSAGES = [
    {"role": "system", "content": "Answer in JSON."},
    {
        "role": "user",
        "name": "ann",
        "content": [
            {"type": "text", "text": "aoai-filter:hate=low what is this?"},
            {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
        ],
    },
    {"role": "assistant", "content": None, "tool_calls": [_CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "a dot"},
    {"role": "user", "content": "look again, twice"},
]
_CHAT = {"model": "gpt-4o", "messages": _MESSAGES, "n": 2, "max_tokens": 20, **_SAMPLING}
_STRICT = {"name": "shape", "schema": SCHEMA, "strict": True}
_RESPONSE = {
    "model": "gpt-4o",
    "input": [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "look"},
                {"type": "input_image", "image_url": PICTURE, "detail": "low"},
            ],
        },
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "a dot"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"role": "user", "content": "look again"},
    ],
    "instructions": "Be brief.",
    "max_output_tokens": 30,
    "tools": [{"type": "function", **_FUNCTION}],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "text": {"format": {"type": "json_schema", **_STRICT}, "verbosity": "low"},
    "include": ["message.output_text.logprobs"],
    "top_logprobs": 2,
    "truncation": "auto",
    "metadata": {"a": "b"},
    "store": True,
}
_DEPLOYMENT = {
    "sku": {"name": "GlobalStandard", "capacity": 1},
    "properties": {
        "model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"},
        "raiPolicyName": "async",
        "versionUpgradeOption": "NoAutoUpgrade",
    },
}

BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", f"{V1}/chat/completions", {**_CHAT, "logprobs": True, "top_logprobs": 2, "metadata": {"a": "b"}}),
    (
        "POST",
        f"{V1}/chat/completions",
        {
            **_CHAT,
            "tools": [{"type": "function", "function": _FUNCTION}],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
            "parallel_tool_calls": True,
            "stream": True,
        },
    ),
    (
        "POST",
        f"{V1}/chat/completions",
        {
            **_CHAT,
            "response_format": {"type": "json_schema", "json_schema": _STRICT},
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    ),
    (
        "POST",
        f"{V1}/chat/completions",
        {
            "model": "gpt-4o",
            "messages": [
                {"role": "user", "content": "look"},
                {"role": "assistant", "content": None, "function_call": _CALL["function"]},
                {"role": "function", "name": "look", "content": "a dot"},
                {"role": "user", "content": "look again"},
            ],
            "functions": [_FUNCTION],
            "function_call": {"name": "look"},
            "modalities": ["text"],
            "prediction": {"type": "content", "content": [{"type": "text", "text": "{}"}]},
            "stream": True,
            "stream_options": {"include_obfuscation": True},
        },
    ),
    (
        "POST",
        "/openai/deployments/gpt-5/chat/completions?api-version=2025-04-01-preview",
        {"messages": _MESSAGES, "reasoning_effort": "low", "verbosity": "low", "max_completion_tokens": 900},
    ),
    (
        "POST",
        f"{V1}/completions",
        {
            "model": "gpt-35-turbo-instruct", "prompt": ["one two", "three"], "suffix": "zz", "max_tokens": 10, "n": 1,
            "best_of": 2, "logprobs": 2, **_SAMPLING,
        },
    ),
    (
        "POST",
        f"{V1}/completions",
        {
            "model": "gpt-35-turbo-instruct", "prompt": [[1, 2], [3]], "echo": True, "stream": True,
            "stream_options": {"include_usage": True},
        },
    ),
    (
        "POST",
        f"{V1}/embeddings",
        {"model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 5, "user": "u"},
    ),
    ("POST", f"{V1}/embeddings", {"model": "text-embedding-3-small", "input": [[1, 2], [3]]}),
    ("POST", f"{V1}/responses", _RESPONSE),
    ("POST", f"{V1}/responses", {**_RESPONSE, "tool_choice": {"type": "function", "name": "look"}, "stream": True}),
    (
        "POST",
        f"{V1}/responses/compact",
        {
            "model": "gpt-4o",
            "input": [*_RESPONSE["input"], {"type": "compaction", "id": "cmp_1", "encrypted_content": "local-YSBkb3Q="}],
            "instructions": "Be brief.",
            "service_tier": "auto",
            "prompt_cache_retention": "24h",
        },
    ),
    ("POST", f"{V1}/responses", {"model": "gpt-5", "input": "hi", "reasoning": {"effort": "low"}, "previous_response_id": "x"}),
    (
        "POST",
        f"{V1}/images/generations",
        {
            "model": "gpt-image-1", "prompt": '2 red circles "hi"', "size": "1024x1024", "quality": "low", "n": 1,
            "background": "transparent", "output_format": "jpeg", "output_compression": 50, "stream": True,
            "partial_images": 1, "moderation": "low", "user": "u",
        },
    ),
    (
        "POST",
        f"{V1}/batches",
        {"input_file_id": "file-x", "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"a": "b"}},
    ),
    (
        "POST",
        f"{V1}/fine_tuning/jobs",
        {
            "model": "gpt-4o-mini", "training_file": "file-x", "validation_file": "file-y", "suffix": "s", "seed": 3,
            "hyperparameters": {"n_epochs": 2}, "method": {"type": "supervised", "supervised": {"hyperparameters": {}}},
        },
    ),
    # Nothing of an account can be changed while one of its deployments is being made, so that the change comes first.
    ("PATCH", f"{ARM}/deployments/gpt-4.1-nano{ARM_VERSION}", _DEPLOYMENT),
    ("PUT", f"{ARM}/deployments/made{ARM_VERSION}", _DEPLOYMENT),
    ("POST", f"{ARM}/regenerateKey{ARM_VERSION}", {"keyName": "Key2"}),
    ("POST", "/aoai/faults", {"fault": "status=503 path=/nowhere"}),
]  # fmt: skip
