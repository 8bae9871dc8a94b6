"""The service's own description of its API, in OpenAPI 3.1: what clients and fuzzers can be made from."""

from __future__ import annotations

import re
from typing import Any

from .. import __version__
from .openapi_bodies import BATCH, FORMS, OPERATIONS, TEXT, TUNING, UPLOAD, an_object, one_of, whole_number

_Schema = dict[str, Any]
_JSON, _EVENTS, _FORM = "application/json", "text/event-stream", "multipart/form-data"
_REFUSALS = ("400", "401", "403", "404", "409", "413", "415", "421", "429")


def description() -> dict[str, Any]:
    """The whole description, as a JSON object."""
    paths: dict[str, Any] = {}
    for path, (summary, schema) in OPERATIONS.items():
        _add(paths, f"v1/{path}", "post", _operation(summary, _body(_JSON, schema), answer=_ANSWERS.get(path)))
        if not path.startswith("responses"):
            classic = _operation(summary, _body(_JSON, _without_model(schema)), answer=_ANSWERS.get(path))
            classic["parameters"] = [_in_path("deployment", _models(schema)), _VERSION]
            _add(paths, f"deployments/{{deployment}}/{path}", "post", classic)
    for path, (summary, schema, types) in FORMS.items():
        _add(paths, f"v1/{path}", "post", _operation(summary, _body(_FORM, schema, types), answer=_ANSWERS.get(path)))
    for path, method, summary, more in _KEPT:
        operation = _operation(summary, **more)
        operation["parameters"] = [*([_in_path("id", TEXT)] if "{id}" in path else []), *operation["parameters"]]
        _add(paths, f"v1/{path}", method, operation)
    for (path, method, status), links in _LINKS.items():
        answered = paths[f"/openai/v1/{path}"][method]["responses"][status]
        answered["links"] = {_name("", to): {"operationId": to, **given} for to, given in links.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "aoai-magic's local Azure OpenAI service", "version": __version__},
        "paths": paths,
        "components": {
            "responses": {"refused": _REFUSED},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"key": []}, {"bearer": []}],
    }


def _add(paths: dict[str, Any], path: str, method: str, operation: _Schema) -> None:
    paths.setdefault(f"/openai/{path}", {})[method] = {"operationId": _name(method, path), **operation}


def _name(method: str, path: str) -> str:
    """An operation's id, or a link's name: its method and path in words."""
    return "_".join(filter(None, [method, *re.split(r"\W+", path.removeprefix("v1/"))]))


def _operation(
    summary: str,
    body: _Schema | None = None,
    *,
    answer: _Schema | None = None,
    status: str = "200",
    parameters: list[_Schema] | None = None,
) -> _Schema:
    answered: _Schema = {"description": "Answered"} | ({"content": answer} if answer else {})
    operation = {
        "summary": summary,
        "parameters": parameters or [],
        "responses": {status: answered, **dict.fromkeys(_REFUSALS, _REFERENCE)},
    }
    return operation if body is None else {**operation, "requestBody": body}


def _body(kind: str, schema: _Schema, types: dict[str, str] | None = None) -> _Schema:
    encoding = {"encoding": {name: {"contentType": value} for name, value in types.items()}} if types else {}
    return {"required": True, "content": {kind: {"schema": schema, **encoding}}}


def _forms(schema: _Schema) -> list[_Schema]:
    forms: list[_Schema] = schema.get("anyOf", [schema])
    return forms


def _without_model(schema: _Schema) -> _Schema:
    """The body as the classic addresses take it, which have the deployment's name in the path."""
    forms = [
        {
            **form,
            "properties": {name: one for name, one in form["properties"].items() if name != "model"},
            "required": [name for name in form["required"] if name != "model"],
        }
        for form in _forms(schema)
    ]
    return {"anyOf": forms}


def _models(schema: _Schema) -> _Schema:
    names = {name for form in _forms(schema) for name in form["properties"]["model"]["enum"]}
    return one_of(*sorted(names))


def _in_path(name: str, schema: _Schema) -> _Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"minLength": 1, **schema}}


def _in_query(name: str, schema: _Schema, *, required: bool = False) -> _Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _kind(name: str, *properties: str) -> _Schema:
    """An answer of that kind, with the properties it always has."""
    known: _Schema = {"object": one_of(name), **{name: {} for name in properties}}
    return {_JSON: {"schema": {**an_object(known, *known), "additionalProperties": True}}}


_ERROR = {
    "type": "object",
    "properties": {"message": TEXT, "code": {"type": ["string", "null"]}},
    "required": ["message"],
}
_REFUSED = {
    "description": "Refused, with Azure's error body",
    "content": {_JSON: {"schema": {"type": "object", "properties": {"error": _ERROR}, "required": ["error"]}}},
}
_REFERENCE = {"$ref": "#/components/responses/refused"}
_VERSION = _in_query("api-version", one_of("2024-10-21", "2025-04-01-preview"), required=True)
_PICTURES = {_JSON: {"schema": {"type": "object", "required": ["created", "data", "usage"]}}, _EVENTS: {}}
_ANSWERS: dict[str, _Schema] = {
    "chat/completions": {**_kind("chat.completion", "id", "choices", "usage"), _EVENTS: {}},
    "completions": {**_kind("text_completion", "id", "choices", "usage"), _EVENTS: {}},
    "embeddings": _kind("list", "data", "usage"),
    "responses": {**_kind("response", "id", "output", "status", "usage"), _EVENTS: {}},
    "responses/compact": _kind("response.compaction", "id", "output", "usage"),
    "images/generations": _PICTURES,
    "images/edits": _PICTURES,
}
_LIST = _kind("list", "data")
_DELETED = {_JSON: {"schema": {"type": "object", "required": ["id", "deleted"]}}}
_PAGED = [
    _in_query("limit", whole_number(1, 100)),
    _in_query("order", one_of("asc", "desc")),
    _in_query("after", {"type": "string", "maxLength": 40}),
]
_A_FILE, _A_BATCH, _A_JOB = (
    _kind("file", "id"),
    _kind("batch", "id", "status"),
    _kind("fine_tuning.job", "id", "status"),
)
_UPLOADED = _body(_FORM, UPLOAD, {"file": "application/jsonl"})

# What is kept between requests: path, method, summary, and what `_operation` takes besides.
_KEPT: list[tuple[str, str, str, dict[str, Any]]] = [
    ("models", "get", "List the models that could be deployed", {"answer": _LIST}),
    ("models/{id}", "get", "Describe a model", {"answer": _kind("model", "id")}),
    ("responses/{id}", "get", "Get a response", {"answer": _ANSWERS["responses"]}),
    ("responses/{id}", "delete", "Delete a response", {"answer": _DELETED}),
    ("responses/{id}/cancel", "post", "Cancel a response in the background", {"answer": _ANSWERS["responses"]}),
    ("responses/{id}/input_items", "get", "List what led to a response", {"answer": _LIST}),
    ("files", "get", "List files", {"answer": _LIST, "parameters": _PAGED}),
    ("files", "post", "Upload a file", {"body": _UPLOADED, "answer": _A_FILE, "status": "201"}),
    ("files/{id}", "get", "Describe a file", {"answer": _A_FILE}),
    ("files/{id}", "delete", "Delete a file", {"answer": _DELETED}),
    ("files/{id}/content", "get", "Get a file's content", {"answer": {"application/octet-stream": {}}}),
    ("batches", "get", "List batches", {"answer": _LIST, "parameters": _PAGED}),
    ("batches", "post", "Answer the requests in a file", {"body": _body(_JSON, BATCH), "answer": _A_BATCH}),
    ("batches/{id}", "get", "Describe a batch", {"answer": _A_BATCH}),
    ("batches/{id}/cancel", "post", "Cancel a batch", {"answer": _A_BATCH}),
    ("fine_tuning/jobs", "get", "List fine-tuning jobs", {"answer": _LIST, "parameters": _PAGED}),
    ("fine_tuning/jobs", "post", "Tune a model (simulated)", {"body": _body(_JSON, TUNING), "answer": _A_JOB, "status": "201"}),
    ("fine_tuning/jobs/{id}", "get", "Describe a fine-tuning job", {"answer": _A_JOB}),
    ("fine_tuning/jobs/{id}", "delete", "Forget a fine-tuning job", {"status": "204"}),
    ("fine_tuning/jobs/{id}/events", "get", "List what happened in a job", {"answer": _LIST, "parameters": _PAGED[:1]}),
    ("fine_tuning/jobs/{id}/checkpoints", "get", "List a job's checkpoints", {"answer": _LIST}),
    ("fine_tuning/jobs/{id}/cancel", "post", "Cancel a job", {"answer": _A_JOB}),
    ("fine_tuning/jobs/{id}/pause", "post", "Pause a job", {"answer": _A_JOB}),
    ("fine_tuning/jobs/{id}/resume", "post", "Resume a job", {"answer": _A_JOB}),
]  # fmt: skip
_ID = "$response.body#/id"
_ITS_ID: _Schema = {"parameters": {"id": _ID}}


def _of(path: str) -> dict[str, _Schema]:
    """Links to all that can be done with what was made, by its id."""
    return {_name(method, found): _ITS_ID for found, method, *_ in _KEPT if found.startswith(f"{path}/{{id}}")}


# Path, method and status of an answer, and the operations that its id leads to.
_LINKS: dict[tuple[str, str, str], dict[str, _Schema]] = {
    ("responses", "post", "200"): {
        **_of("responses"),
        "post_responses": {"requestBody": {"previous_response_id": _ID}},
    },
    ("files", "post", "201"): {
        **_of("files"),
        "post_batches": {"requestBody": {"input_file_id": _ID}},
        "post_fine_tuning_jobs": {"requestBody": {"training_file": _ID}},
    },
    ("batches", "post", "200"): _of("batches"),
    ("fine_tuning/jobs", "post", "201"): _of("fine_tuning/jobs"),
}
