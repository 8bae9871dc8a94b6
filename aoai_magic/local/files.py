"""Files: what batches read and write, and what fine-tuning is given."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .azure_errors import AzureError, invalid_request
from .events import new_id
from .fields import Fields
from .plumbing import account_of, form
from .wire import JSONResponse, read

_PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
_MOST_FILES = 500
# Microsoft's batch page: between 14 and 30 days.
_EXPIRES_LEAST, _EXPIRES_MOST = 1_209_600, 2_592_000


@dataclass
class File:
    """A file that was uploaded, or that a batch wrote."""

    content: bytes = field(repr=False)
    filename: str
    purpose: str
    expires_after: int | None = None
    id: str = field(default_factory=lambda: new_id("file-", 32))
    created_at: int = field(default_factory=lambda: int(time.time()))

    def lines(self) -> list[bytes]:
        """The lines of a JSON Lines file that aren't blank; Azure's own begin with a byte order mark."""
        return [line for line in self.content.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]

    def shown(self) -> dict[str, Any]:
        """The file as the API describes it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "expires_at": self.created_at + self.expires_after if self.expires_after else None,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


async def upload(request: Request) -> Response:
    """POST /files"""
    given = await form(request)
    fields = Fields({name: value for name, value in given.items() if isinstance(value, str)})
    purpose = fields.choice("purpose", _PURPOSES, "")
    content = given.get("file")
    if not isinstance(content, bytes):
        raise invalid_request("Missing required parameter: 'file'.", "file", "missing_required_parameter")
    file = File(
        content, fields.text("file.filename") or "file", purpose, _expires(fields.text("expires_after[seconds]"))
    )
    if purpose in ("batch", "fine-tune"):
        _check_lines(file)
    files = account_of(request).files
    files[file.id] = file
    while len(files) > _MOST_FILES:
        del files[next(iter(files))]
    return JSONResponse(file.shown(), 201)


async def listed(request: Request) -> Response:
    """GET /files, all or those of one purpose"""
    wanted = request.query_params.get("purpose")
    found = [file.shown() for file in account_of(request).files.values() if wanted in (None, file.purpose)]
    return JSONResponse({"object": "list", "data": found[::-1], "has_more": False})


async def described(request: Request) -> Response:
    """GET /files/{id}"""
    return JSONResponse(_file(request).shown())


async def content(request: Request) -> Response:
    """GET /files/{id}/content"""
    return Response(_file(request).content, media_type="application/octet-stream")


async def deleted(request: Request) -> Response:
    """DELETE /files/{id}"""
    file = _file(request)
    del account_of(request).files[file.id]
    return JSONResponse({"id": file.id, "object": "file", "deleted": True})


def _file(request: Request) -> File:
    files: dict[str, File] = account_of(request).files
    identity = request.path_params["id"]
    if identity not in files:
        raise AzureError(404, {"code": "NotFound", "message": f"File with id '{identity}' does not exist."})
    return files[identity]


def _expires(given: str) -> int | None:
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 10 and _EXPIRES_LEAST <= int(given) <= _EXPIRES_MOST):
        raise invalid_request(
            f"Invalid 'expires_after.seconds': expected between {_EXPIRES_LEAST} and {_EXPIRES_MOST}, got {given[:40]}.",
            "expires_after",
            "invalid_value",
        )
    return int(given)


def _check_lines(file: File) -> None:
    """Refuse what is no JSON Lines of objects, naming the line."""
    if not file.lines():
        raise invalid_request("Invalid file format. The file is empty.", "file", "invalid_file_format")
    for number, line in enumerate(file.lines(), 1):
        try:
            is_object = isinstance(read(line), dict)
        except ValueError:
            is_object = False
        if not is_object:
            raise invalid_request(
                f"Invalid file format. Line {number} is not a valid JSON object.", "file", "invalid_file_format"
            )
