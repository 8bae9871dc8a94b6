"""Files: what batches read and write, and what fine-tuning is given."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .azure_errors import AzureError, invalid_request
from .events import hex_id
from .fields import Fields
from .paging import page
from .plumbing import account_of, form
from .wire import JSONResponse, read

BOM = b"\xef\xbb\xbf"
_PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
# Microsoft's quota page: 500 batch files without an expiration; what all of them may weigh is this machine's limit.
_MOST_FILES, _MOST_BYTES = 500, 1024**3
# Microsoft's batch page: between 14 and 30 days.
_EXPIRES_LEAST, _EXPIRES_MOST = 1_209_600, 2_592_000
_DIGITS = re.compile("[0-9]{1,12}")


@dataclass
class File:
    """A file that was uploaded, or that a batch wrote."""

    content: bytes = field(repr=False)
    filename: str
    purpose: str
    expires_after: int | None = None
    id: str = field(default_factory=lambda: hex_id("file-"))
    created_at: int = field(default_factory=lambda: int(time.time()))

    def lines(self) -> Iterator[tuple[int, Any]]:
        """The number of each line of a JSON Lines file that isn't blank, and its JSON; a ValueError stands for none.

        A byte order mark, which Azure's own training files begin with, is passed over.
        """
        for number, line in enumerate(self.content.removeprefix(BOM).split(b"\n"), 1):
            if line.strip():
                try:
                    yield number, read(line)
                except ValueError as error:
                    yield number, error

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
    # The SDK's form has brackets, Microsoft's examples with curl have dots.
    for anchor in ("expires_after[anchor]", "expires_after.anchor"):
        fields.choice(anchor, ["created_at"], "created_at")
    expires_after = fields.text("expires_after[seconds]") or fields.text("expires_after.seconds")
    file = File(
        content,
        fields.text("file.filename") or "file",
        purpose,
        expiry(int(expires_after) if _DIGITS.fullmatch(expires_after) else expires_after or None),
    )
    if purpose == "fine-tune":
        await asyncio.to_thread(_check_lines, file)
    files: dict[str, File] = account_of(request).files
    if len(files) >= _MOST_FILES or sum(len(one.content) for one in files.values()) + len(content) > _MOST_BYTES:
        raise invalid_request(
            "The resource holds as many files as it may. Delete some of them.", "file", "quotaExceeded"
        )
    files[file.id] = file
    return JSONResponse(file.shown(), 201, {"location": f"{request.url.replace(query='')}/{file.id}"})


async def listed(request: Request) -> Response:
    """GET /files, all or those of one purpose"""
    wanted = request.query_params.get("purpose")
    found = [file.shown() for file in account_of(request).files.values() if wanted in (None, file.purpose)]
    return page(request, found[::-1], usual=10_000, most=10_000)


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


def expiry(seconds: object) -> int | None:
    """After how many seconds a file goes, as asked for; None where it stays.

    Raises AzureError 400 for what can't be.
    """
    if seconds is None:
        return None
    if not isinstance(seconds, int) or not _EXPIRES_LEAST <= seconds <= _EXPIRES_MOST:
        raise invalid_request(
            f"Invalid 'expires_after.seconds': expected between {_EXPIRES_LEAST} and {_EXPIRES_MOST}, "
            f"got {str(seconds)[:40]}.",
            "expires_after",
            "invalid_value",
        )
    return seconds


def _check_lines(file: File) -> None:
    """Refuse what is no JSON Lines of objects, naming the line."""
    number = 0
    for number, line in file.lines():
        if not isinstance(line, dict):
            raise invalid_request(
                f"Invalid file format. Line {number} is not a valid JSON object.", "file", "invalid_file_format"
            )
    if not number:
        raise invalid_request("Invalid file format. The file is empty.", "file", "invalid_file_format")
