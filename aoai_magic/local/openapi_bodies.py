"""What the description says of requests' bodies: for each operation the forms that a request may take.

Where one field allows or rules out another, the description has a form for each case, so that whatever it allows is
answered: clients and fuzzers made from it get past the door.
"""

from __future__ import annotations

from typing import Any

_Schema = dict[str, Any]
TEXT: _Schema = {"type": "string"}
_BOOLEAN: _Schema = {"type": "boolean"}
_FILE: _Schema = {"type": "string", "format": "binary"}
_PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def an_object(properties: _Schema, *required: str) -> _Schema:
    """The schema of an object that has these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def one_of(*values: Any) -> _Schema:
    """The schema of one of some values."""
    return {"enum": list(values)}


def _number(least: float, most: float) -> _Schema:
    return {"type": "number", "minimum": least, "maximum": most}


def whole_number(least: int, most: int) -> _Schema:
    """The schema of an integer within bounds."""
    return {"type": "integer", "minimum": least, "maximum": most}


def _array(items: _Schema, least: int = 0, most: int = 3) -> _Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _either(*schemas: _Schema) -> _Schema:
    return {"anyOf": list(schemas)}


_NAME: _Schema = {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,20}$"}
_WORDS: _Schema = {"type": "string", "minLength": 1, "maxLength": 200}
_METADATA: _Schema = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 20}, "maxProperties": 3}
_SCHEMA = one_of(
    an_object({}),
    an_object({"name": TEXT, "age": whole_number(0, 150), "tags": _array(TEXT)}, "name", "age", "tags"),
    an_object({"either": _either(TEXT, {"type": "null"})}, "either"),
    an_object({"point": an_object({"x": _number(0, 1)}, "x")}, "point"),
)
_FUNCTION: _Schema = {"name": _NAME, "description": TEXT, "parameters": _SCHEMA, "strict": _BOOLEAN}
_STRICT: _Schema = {"name": _NAME, "schema": _SCHEMA, "strict": _BOOLEAN}
_DETAIL = one_of("auto", "low", "high")
_PICTURE = an_object(
    {"type": one_of("image_url"), "image_url": an_object({"url": one_of(_PIXEL), "detail": _DETAIL}, "url")},
    "type", "image_url",
)  # fmt: skip
_TEXT_PART = an_object({"type": one_of("text"), "text": _WORDS}, "type", "text")
_MESSAGE = _either(
    an_object({"role": one_of("user"), "content": _either(_WORDS, _array(_either(_TEXT_PART, _PICTURE), 1)), "name": _NAME}, "role", "content"),
    an_object({"role": one_of("system", "developer", "assistant"), "content": _WORDS}, "role", "content"),
)  # fmt: skip
_MESSAGES = _array(_MESSAGE, 1)
_ASKED = {"role": "user", "content": "Look it up, and answer in JSON."}
_LOOK_UP = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
_CALLED = {"role": "assistant", "content": None, "tool_calls": [_LOOK_UP]}
_ANSWERED = {"role": "tool", "tool_call_id": "call_1", "content": "nothing"}
_PENALTIES: _Schema = {"frequency_penalty": _number(-2, 2), "presence_penalty": _number(-2, 2)}
_SAMPLING: _Schema = {
    **_PENALTIES,
    "logit_bias": {"type": "object", "additionalProperties": whole_number(-100, 100), "propertyNames": {"pattern": "^[0-9]{1,5}$"}},
    "seed": whole_number(-(2**63), 2**63),
    "stop": _either(_WORDS, _array(_WORDS, 0, 4)),
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "user": TEXT,
}  # fmt: skip
_OBFUSCATED: _Schema = {"include_obfuscation": _BOOLEAN}
_STREAMED: _Schema = {
    "stream": one_of(True),
    "stream_options": an_object({"include_usage": _BOOLEAN, **_OBFUSCATED}),
}
#: What is for the books alone, and changes no answer.
_LABELS: _Schema = {
    "metadata": _METADATA,
    "prompt_cache_key": TEXT,
    "prompt_cache_retention": one_of("in_memory", "24h"),
    "safety_identifier": TEXT,
    "service_tier": one_of("auto", "default", "priority"),
    "store": _BOOLEAN,
    "user": TEXT,
}
_CHAT_MODELS = one_of("gpt-4o", "gpt-4o-mini", "gpt-4.1")
_REASONING_MODELS = one_of("gpt-5", "gpt-5-mini", "o4-mini")
_EFFORT = _VERBOSITY = one_of("low", "medium", "high")


def _chat(more: _Schema, *required: str) -> _Schema:
    common = {
        **_SAMPLING,
        **_LABELS,
        "max_tokens": whole_number(1, 50),
        "modalities": one_of(["text"]),
        "n": whole_number(1, 3),
        "prediction": an_object(
            {"type": one_of("content"), "content": _either(_WORDS, _array(_TEXT_PART, 1))}, "type", "content"
        ),
    }
    return an_object(
        {"model": _CHAT_MODELS, "messages": _MESSAGES, "stream": _BOOLEAN, **common, **more},
        "model",
        "messages",
        *required,
    )


_TOOLS: _Schema = {
    "tools": _array(an_object({"type": one_of("function"), "function": an_object(_FUNCTION, "name")}, "type", "function"), 1),
    "tool_choice": one_of("none", "auto", "required"),
    "parallel_tool_calls": _BOOLEAN,
}  # fmt: skip
_FUNCTIONS: _Schema = {
    "functions": _array(an_object(_FUNCTION, "name"), 1),
    "function_call": one_of("none", "auto"),
}
_FUNCTION_CALLED = {"role": "assistant", "content": None, "function_call": _LOOK_UP["function"]}
_FUNCTION_ANSWERED = {"role": "function", "name": "look_up", "content": "nothing"}
_JSON_SCHEMA = an_object(
    {"type": one_of("json_schema"), "json_schema": an_object(_STRICT, "name", "schema")}, "type", "json_schema"
)
_CHAT = _either(
    _chat(_STREAMED, "stream"),
    _chat({"logprobs": one_of(True), "top_logprobs": whole_number(0, 20)}, "logprobs"),
    _chat(_TOOLS, "tools"),
    _chat({"messages": one_of([_ASKED, _CALLED, _ANSWERED], [_ASKED, _CALLED, _ANSWERED, _ASKED]), **_TOOLS}),
    _chat({"messages": one_of([_ASKED], [_ASKED, _FUNCTION_CALLED, _FUNCTION_ANSWERED]), **_FUNCTIONS}, "functions"),
    _chat({"response_format": _JSON_SCHEMA}, "response_format"),
    _chat({"messages": one_of([_ASKED]), "response_format": an_object({"type": one_of("text", "json_object")}, "type")}),
    an_object(
        {
            "model": _REASONING_MODELS,
            "messages": _MESSAGES,
            "max_completion_tokens": whole_number(1, 2000),
            "reasoning_effort": _EFFORT,
            "stream": _BOOLEAN,
            "verbosity": _VERBOSITY,
            **_LABELS,
        },
        "model", "messages",
    ),
)  # fmt: skip

_TOKENS = _array(whole_number(0, 100_000), 1)
_PROMPT = _either(TEXT, _array(TEXT, 1), _TOKENS, _array(_TOKENS, 1))
_CONTINUED: _Schema = {
    **_SAMPLING,
    "model": one_of("gpt-35-turbo-instruct"),
    "prompt": _PROMPT,
    "echo": _BOOLEAN,
    "logprobs": whole_number(0, 5),
    "max_tokens": whole_number(1, 50),
    "suffix": TEXT,
}
_COMPLETIONS = _either(
    an_object({**_CONTINUED, "n": whole_number(1, 3), **_STREAMED}, "model", "prompt"),
    an_object({**_CONTINUED, "n": one_of(1), "best_of": whole_number(1, 3)}, "model", "prompt"),
)

_EMBEDDED: _Schema = {
    "input": _either(_WORDS, _array(_WORDS, 1), _TOKENS, _array(_TOKENS, 1)),
    "encoding_format": one_of("float", "base64"),
    "input_type": TEXT,
    "user": TEXT,
}
_EMBEDDINGS = _either(
    an_object({**_EMBEDDED, "model": one_of("text-embedding-ada-002")}, "model", "input"),
    an_object({**_EMBEDDED, "model": one_of("text-embedding-3-small"), "dimensions": whole_number(1, 1536)}, "model", "input"),
    an_object({**_EMBEDDED, "model": one_of("text-embedding-3-large"), "dimensions": whole_number(1, 3072)}, "model", "input"),
)  # fmt: skip

_INPUT_PART = _either(
    an_object({"type": one_of("input_text"), "text": _WORDS}, "type", "text"),
    an_object({"type": one_of("input_image"), "image_url": one_of(_PIXEL), "detail": _DETAIL}, "type", "image_url"),
)
_ITEM = _either(
    an_object({"role": one_of("user"), "content": _either(_WORDS, _array(_INPUT_PART, 1))}, "role", "content"),
    an_object({"type": one_of("message"), "role": one_of("system", "developer", "assistant"), "content": _WORDS}, "role", "content"),
)  # fmt: skip
_CALL_AND_OUTPUT = [
    {"role": "user", "content": "Look it up."},
    {"type": "function_call", "call_id": "call_1", "name": "look_up", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "nothing"},
]
_RESPONSE: _Schema = {
    "input": _either(_WORDS, _array(_ITEM, 1), one_of(_CALL_AND_OUTPUT)),
    "instructions": TEXT,
    "max_output_tokens": whole_number(16, 500),
    "max_tool_calls": whole_number(1, 10),
    "parallel_tool_calls": _BOOLEAN,
    "stream": _BOOLEAN,
    "tool_choice": one_of("none", "auto"),
    "tools": _array(an_object({"type": one_of("function"), **_FUNCTION}, "type", "name"), 1),
    "truncation": one_of("auto", "disabled"),
    **_LABELS,
}
_TEXT_FORMAT = _either(
    an_object({"type": one_of("text")}, "type"),
    an_object({"type": one_of("json_schema"), **_STRICT}, "type", "name", "schema"),
)
_RESPONSES = _either(
    an_object(
        {
            **_RESPONSE,
            "model": _CHAT_MODELS,
            "include": _array(one_of("message.output_text.logprobs")),
            "temperature": _number(0, 2),
            "text": an_object({"format": _TEXT_FORMAT}),
            "top_logprobs": whole_number(0, 20),
            "top_p": _number(0, 1),
        },
        "model", "input",
    ),
    an_object(
        {
            **_RESPONSE,
            "model": _REASONING_MODELS,
            "include": _array(one_of("reasoning.encrypted_content")),
            "reasoning": an_object({"effort": _EFFORT, "summary": one_of("auto", "concise", "detailed")}),
            "text": an_object({"format": _TEXT_FORMAT, "verbosity": _VERBOSITY}),
        },
        "model", "input",
    ),
    an_object({**_RESPONSE, "model": _CHAT_MODELS, "stream": one_of(True), "stream_options": an_object(_OBFUSCATED)}, "model", "input", "stream"),
    an_object({**_RESPONSE, "model": _CHAT_MODELS, "background": _BOOLEAN, "store": one_of(True)}, "model", "input"),
    an_object({**_RESPONSE, "model": _CHAT_MODELS, "previous_response_id": TEXT}, "model", "input", "previous_response_id"),
)  # fmt: skip

_COMPACTED = an_object(
    {
        **{name: _RESPONSE[name] for name in ("input", "instructions")},
        **{name: _LABELS[name] for name in ("prompt_cache_key", "prompt_cache_retention", "service_tier")},
        "model": _CHAT_MODELS,
        "previous_response_id": TEXT,
    },
    "model", "input",
)  # fmt: skip

_DRAWN: _Schema = {
    "model": one_of("gpt-image-1"),
    "moderation": one_of("auto", "low"),
    "n": whole_number(1, 2),
    "prompt": {"type": "string", "pattern": "^[a-z0-9 ]*[a-z]$", "maxLength": 200},
    "quality": one_of("low", "medium"),
    "size": one_of("1024x1024", "1024x1536", "1536x1024", "auto"),
    "user": TEXT,
}
_PNG: _Schema = {"background": one_of("transparent", "opaque", "auto"), "output_format": one_of("png")}
_JPEG: _Schema = {
    "background": one_of("opaque", "auto"),
    "output_compression": whole_number(0, 100),
    "output_format": one_of("jpeg"),
}
_PARTLY: _Schema = {"stream": one_of(True), "partial_images": whole_number(0, 1)}
_GENERATIONS = _either(
    an_object({**_DRAWN, **_PNG}, "model", "prompt"),
    an_object({**_DRAWN, **_JPEG}, "model", "prompt", "output_format"),
    an_object({**_DRAWN, **_PARTLY}, "model", "prompt", "stream"),
)
_EDIT: _Schema = {
    **_DRAWN,
    "image": _FILE,
    "input_fidelity": one_of("low", "high"),
    "n": one_of(1),
    "prompt": {"type": "string", "pattern": "^[a-z]{1,20}$"},
    "quality": one_of("low"),
}
_EDITS = _either(
    an_object({**_EDIT, **_PNG, "mask": _FILE}, "image", "prompt", "model"),
    an_object({**_EDIT, **_JPEG}, "image", "prompt", "model", "output_format"),
    an_object({**_EDIT, **_PARTLY}, "image", "prompt", "model", "stream"),
)

#: The operations behind a deployment: path, summary, and the schema of the body.
OPERATIONS: dict[str, tuple[str, _Schema]] = {
    "chat/completions": ("Answer a conversation", _CHAT),
    "completions": ("Continue a text", _COMPLETIONS),
    "embeddings": ("Turn texts into vectors", _EMBEDDINGS),
    "responses": ("Answer, and keep the answer to go on from", _RESPONSES),
    "responses/compact": ("Make a conversation short, to go on from", _COMPACTED),
    "images/generations": ("Draw pictures of a prompt", _GENERATIONS),
    "audio/speech": (
        "Speak a text (no model here supports it)",
        an_object({"model": one_of("gpt-4o-mini-tts"), "input": TEXT, "voice": TEXT}, "model", "input"),
    ),
}
#: The same for those that take a form, and the content types of the files in it.
FORMS: dict[str, tuple[str, _Schema, dict[str, str]]] = {
    "images/edits": ("Change a picture", _EDITS, {"image": "image/png", "mask": "image/png"}),
    "audio/transcriptions": (
        "Transcribe speech (no model here supports it)",
        an_object({"file": _FILE, "model": one_of("whisper")}, "file", "model"),
        {},
    ),
    "audio/translations": (
        "Translate speech (no model here supports it)",
        an_object({"file": _FILE, "model": one_of("whisper")}, "file", "model"),
        {},
    ),
}
_ANCHOR: _Schema = {"anchor": one_of("created_at")}
_LASTS = whole_number(1_209_600, 2_592_000)
UPLOAD = an_object(
    {
        "file": _FILE,
        "purpose": one_of("batch", "fine-tune"),
        "expires_after[anchor]": one_of("created_at"),
        "expires_after[seconds]": _LASTS,
    },
    "file", "purpose",
)  # fmt: skip
BATCH = an_object(
    {
        **_ANCHOR,
        "completion_window": one_of("24h"),
        "endpoint": one_of("/chat/completions", "/v1/chat/completions"),
        "input_file_id": TEXT,
        "metadata": _METADATA,
        "output_expires_after": an_object({**_ANCHOR, "seconds": _LASTS}, "seconds"),
    },
    "completion_window", "endpoint", "input_file_id",
)  # fmt: skip
TUNING = an_object(
    {
        "hyperparameters": an_object({"n_epochs": whole_number(1, 10)}),
        "integrations": one_of([]),
        "metadata": _METADATA,
        "method": an_object({"type": one_of("supervised"), "supervised": an_object({})}, "type"),
        "model": one_of("gpt-4o-mini", "gpt-4.1"),
        "seed": whole_number(0, 2**31),
        "suffix": {"type": "string", "pattern": "^[a-z]{1,18}$"},
        "training_file": TEXT,
        "trainingType": one_of("standard", "globalstandard", "developerTier"),
        "validation_file": TEXT,
    },
    "model", "training_file",
)  # fmt: skip
