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
from ..visible import HIDDEN
from .address import key_variable, url
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
    if operation == "image_edits":
        return _form(head, body)
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
    """The fields of an edit: the prompt from standard input, pictures from files of theirs or made for it."""
    made: list[str] = []
    fields = ["-F 'prompt=<-'"]
    name = "image" if len(body["image"]) == 1 else "image[]"
    fields += [_file(name, one, f"picture-{number}", made) for number, one in enumerate(body["image"], 1)]
    if "mask" in body:
        fields.append(_file("mask", body["mask"], "mask", made))
    for key, value in body.items():
        if key not in ("prompt", "image", "mask"):
            plain = value if isinstance(value, str) else json_text(value)
            fields.append(f"--form-string {quote(f'{key}={plain}')}")
    command = " \\\n  ".join([*head, *fields])
    return "".join(made) + f"printf {_printed(str(body['prompt']))} |\n{command}"


def _file(field: str, picture: PictureFile, name: str, made: list[str]) -> str:
    name, data, media_type = picture.named(name)
    if picture.path:
        escaped = re.sub(r'[\\"]', r"\\\g<0>", picture.path)
        return "-F " + quote(f'{field}=@"{escaped}";filename={name};type={media_type}')
    variable = name.partition(".")[0].replace("-", "_")
    encoded = base64.encodebytes(data).decode()
    made.append(f'{variable}=$(mktemp)\nbase64 -d > "${variable}" <<PICTURE\n{encoded}PICTURE\n')
    return f'-F "{field}=@${variable};filename={name};type={media_type}"'


def _printed(text: str) -> str:
    """Text as a format of `printf`, which prints it exactly; what can't be seen is written as octal bytes."""

    def escape(match: re.Match[str]) -> str:
        return "".join(f"\\{byte:03o}" for byte in match[0].encode())

    plain = text.replace("\\", "\\\\").replace("%", "%%").replace("'", "'\\''")
    return "'" + re.sub(rf"{HIDDEN}|\t|^-", escape, plain) + "'"
