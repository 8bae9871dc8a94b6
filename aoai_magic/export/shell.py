"""A request as a curl line for any POSIX shell, with the key in a variable."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from shlex import quote
from typing import Any

from ..attachments import PictureURL
from ..images import PictureFile
from ..settings import Target
from ..sounds import SPOKEN
from ..visible import HIDDEN
from .address import FORMS, key_variable, url
from .json_text import json_lines, json_text

#: A longer picture is read from its file, where that is known.
_LONG_PICTURE = 2_000


def line(operation: str, body: Mapping[str, Any], target: Target) -> str:
    r"""Return a command for `sh` that sends the body of a request to a target and prints the answer as it comes.

    Any text goes through unharmed. Raises SettingsError for an operation that has no code.

    >>> print(line("completions", {"model": "m", "prompt": "It's $5."}, Target("openai", "https://api.openai.com/v1")))
    curl https://api.openai.com/v1/completions \
      -H "Authorization: Bearer $OPENAI_API_KEY" \
      -H "Content-Type: application/json" \
      -d @- <<'JSON'
    {"model": "m", "prompt": "It's $5."}
    JSON
    """
    address = url(operation, str(body["model"]), target)
    to = f'"{address}"' if target.kind == "local" else quote(address)
    head = [f"curl{' --no-buffer' * bool(body.get('stream'))} {to}", *_proof(target)]
    if operation in FORMS:
        return _form(head, body)
    if operation == "speech":
        # --fail: else a refusal in words would be written into the file.
        form = body.get("response_format")
        head.append(f"--fail --output speech.{form if form in SPOKEN else 'mp3'}")
    pictures: dict[str, str] = {}
    text = json_lines(_without_files(body, pictures))
    end = "JSON" if pictures else "'JSON'"  # between quotes, the shell reads nothing in what follows
    command = " \\\n  ".join([*head, '-H "Content-Type: application/json"', f"-d @- <<{end}"])
    if pictures:
        text = re.sub(r"[\\$`]", r"\\\g<0>", text)
    for mark, file in pictures.items():
        text = text.replace(mark, f"$(base64 < {quote(file)} | tr -d '\\n')")
    return f"{command}\n{text}\nJSON"


def _proof(target: Target) -> list[str]:
    variable = key_variable(target)
    if variable is None and target.kind == "azure":
        token = f"az account get-access-token --scope {quote(target.scope)} --query accessToken --output tsv"
        return [f'-H "Authorization: Bearer $({token})"']
    if variable is None:
        return []
    bearer = target.ad_token or target.kind not in ("azure", "local")
    return [f'-H "{"Authorization: Bearer" if bearer else "api-key:"} ${variable}"']


def _without_files(value: Any, pictures: dict[str, str]) -> Any:
    """The value with marks in the place of large pictures that are in files; which is which is put into `pictures`."""
    if isinstance(value, Mapping):
        return {key: _without_files(one, pictures) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_files(one, pictures) for one in value]
    if isinstance(value, PictureURL) and value.path and len(value) > _LONG_PICTURE:
        mark = hashlib.sha256(value.encode()).hexdigest()
        pictures[mark] = value.path
        return f"{value.partition(',')[0]},{mark}"
    return value


def _form(head: list[str], body: Mapping[str, Any]) -> str:
    """A form's fields: the prompt from standard input, pictures and sounds from files of theirs or made for it."""
    made: list[str] = []
    pictures: list[PictureFile] = body.get("image", [])
    name = "image" if len(pictures) == 1 else "image[]"
    fields = ["-F 'prompt=<-'"] if "prompt" in body else []
    for at, one in enumerate(pictures, 1):
        fields.append(_file(name, f"picture_{at}", one.named(f"picture-{at}"), one.path, made))
    if "mask" in body:
        fields.append(_file("mask", "mask", body["mask"].named("mask"), body["mask"].path, made))
    if "file" in body:
        fields.append(_file("file", "sound", body["file"].named(), body["file"].path, made))
    for key, value in body.items():
        if key not in ("prompt", "image", "mask", "file"):
            plain = value if isinstance(value, str) else json_text(value)
            fields.append(f"--form-string {quote(f'{key}={plain}')}")
    command = " \\\n  ".join([*head, *fields])
    prompt = f"printf {_printed(str(body['prompt']))} |\n" if "prompt" in body else ""
    return "".join(made) + prompt + command


def _file(field: str, variable: str, named: tuple[str, bytes, str], path: str | None, made: list[str]) -> str:
    """A field that is a file: its own, or one that the lines of `made` write, which the shell has by a variable."""
    name, data, media_type = named
    described = f";filename={_in_quotes(name)};type={media_type}"
    if path:
        return f"-F {quote(f'{field}=@{_in_quotes(path)}{described}')}"
    encoded = base64.encodebytes(data).decode()
    made.append(f'{variable}=$(mktemp)\nbase64 -d > "${variable}" <<FILE\n{encoded}FILE\n')
    return f'-F "{field}=@${variable}"{quote(described)}'


def _in_quotes(word: str) -> str:
    """A word as curl reads it in the value of -F."""
    return '"' + re.sub(r'[\\"]', r"\\\g<0>", word) + '"'


def _printed(text: str) -> str:
    """Text as a format of `printf`, which prints it exactly; what can't be seen is written as octal bytes."""

    def escape(match: re.Match[str]) -> str:
        return "".join(f"\\{byte:03o}" for byte in match[0].encode())

    plain = text.replace("\\", "\\\\").replace("%", "%%").replace("'", "'\\''")
    return "'" + re.sub(rf"{HIDDEN}|\t|^-", escape, plain) + "'"
