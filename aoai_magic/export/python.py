"""A request as a script for the openai SDK, which runs as it stands with the key in the environment."""

from __future__ import annotations

import base64
import builtins
import inspect
import keyword
from collections.abc import Mapping
from functools import cache
from itertools import count
from operator import attrgetter
from typing import Any

from ..attachments import PictureURL
from ..images import FORMATS, PictureFile
from ..request import PREVIEWS
from ..settings import Target
from ..sounds import SPOKEN
from .address import FORMS, key_variable, needs_preview, path
from .layout import laid_out
from .literals import Source, block, literal, quoted

# Longer texts get a variable of their own, of several lines sooner; a longer picture is read from its file, where that is
# known.
_LONG_TEXT, _LONG_LINES, _LONG_PICTURE = 60, 20, 2_000

_METHODS = {
    "chat": "chat.completions.create",
    "completions": "completions.create",
    "responses": "responses.create",
    "embeddings": "embeddings.create",
    "images": "images.generate",
    "image_edits": "images.edit",
    "speech": "audio.speech.create",
    "transcriptions": "audio.transcriptions.create",
    "translations": "audio.translations.create",
}
_ROLES = {"user": "prompt", "developer": "system", "assistant": "answer", "tool": "result"}
# What no text's variable may be called, since the script has something else of that name.
_TAKEN = {"Path", "base64", "client", "token_provider", *dir(builtins), *keyword.kwlist}

# What is done with the answer, by operation: as a stream, and whole.
_STREAMED = {
    "chat": """\
for chunk in stream:
    for choice in chunk.choices:
        print(choice.delta.content or "", end="", flush=True)
print()""",
    "completions": """\
for chunk in stream:
    for choice in chunk.choices:
        print(choice.text, end="", flush=True)
print()""",
    "responses": """\
for event in stream:
    if event.type == "response.output_text.delta":
        print(event.delta, end="", flush=True)
print()""",
    "images": """\
finished = (event for event in stream if event.type.endswith(".completed"))
for number, drawn in enumerate(finished, 1):
    Path(f"picture-{number}.FORMAT").write_bytes(base64.b64decode(drawn.b64_json))""",
}
_WHOLE = {
    "chat": """\
for choice in completion.choices:
    print(choice.message.content or "")
    for call in choice.message.tool_calls or []:
        print(f"{call.function.name}({call.function.arguments})")""",
    "completions": """\
for choice in completion.choices:
    print(choice.text)""",
    "responses": """\
print(response.output_text)
for item in response.output:
    if item.type == "function_call":
        print(f"{item.name}({item.arguments})")""",
    "embeddings": """\
vectors = [item.embedding for item in response.data]
print(len(vectors), "vectors of", len(vectors[0]), "numbers")""",
    "images": """\
for number, drawn in enumerate(images.data, 1):
    Path(f"picture-{number}.FORMAT").write_bytes(base64.b64decode(drawn.b64_json))""",
}
_WHOLE["speech"] = 'speech.write_to_file("speech.FORMAT")'
_WHOLE["transcriptions"] = _WHOLE["translations"] = "print(transcript.text)"
_STREAMED["image_edits"], _WHOLE["image_edits"] = _STREAMED["images"], _WHOLE["images"]
# The same for what most requests are: one answer, and no tools.
_SIMPLE = {
    "chat": "print(completion.choices[0].message.content)",
    "completions": "print(completion.choices[0].text)",
    "responses": "print(response.output_text)",
}
_RESULTS = {"chat": "completion", "completions": "completion", "images": "images", "image_edits": "images"}
_RESULTS |= {"speech": "speech", "transcriptions": "transcript", "translations": "transcript"}


def script(operation: str, body: Mapping[str, Any], target: Target) -> str:
    """Return a Python script that sends a body to a target. It prints the answer, or writes its pictures to files.

    It streams if the body does, unless several choices or calls of tools would come mixed up. Long texts are variables;
    a large picture is read from the file that it came from, where that is known. Raises SettingsError for an operation
    that has no code. A spoken text is written to a file, too.

    >>> print(script("chat", {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}, Target("local")))
    import os
    ...
    print(completion.choices[0].message.content)
    """
    path(operation)
    pictures = operation in ("images", "image_edits")
    mixed = not pictures and (body.get("n", 1) != 1 or bool(body.get("tools")))
    streams = bool(body.get("stream")) and not mixed and operation in _STREAMED
    given = {key: value for key, value in body.items() if streams or key not in ("stream", "stream_options")}
    variables = _Variables()
    if pictures:
        variables.needs |= {"base64", "Path"}
    if operation in FORMS:
        given |= variables.files(given)
    given = variables.taken_out(given)
    known = _parameters(operation)
    arguments = {key: value for key, value in given.items() if key in known}
    if extra := {key: value for key, value in given.items() if key not in known}:
        arguments["extra_body"] = extra
    if needs_preview(operation, target):
        arguments["extra_query"] = {"api-version": "preview"}
    lines = "".join(
        f"    {key}={laid_out(value, literal, indent=4, before=len(key) + 1)},\n" for key, value in arguments.items()
    )
    result = "stream" if streams else _RESULTS.get(operation, "response")
    shown = _STREAMED[operation] if streams else (not mixed and _SIMPLE.get(operation)) or _WHOLE[operation]
    form = body.get("response_format" if operation in PREVIEWS else "output_format")
    shown = shown.replace("FORMAT", form if form in (*FORMATS, *SPOKEN) else "mp3" if operation == "speech" else "png")
    if operation in PREVIEWS and form in ("text", "srt", "vtt"):
        shown = "print(transcript)"
    client = _client(target)
    imports = _imports(client, variables.needs)
    call = f"{result} = client.{_METHODS[operation]}(\n{lines})\n{shown}"
    return "\n\n".join(filter(None, [imports, client, "\n".join(variables.assignments), call]))


class _Variables:
    """The texts and pictures that a script has as variables, so that its call stays readable."""

    def __init__(self) -> None:
        self.assignments: list[str] = []
        self.needs: set[str] = set()  # what files have to be read, or decoded, with
        self._names: dict[str, str] = {}

    def taken_out(self, value: Any, name: str = "text") -> Any:
        """The value with variables in the place of what is long; `name` is what a text in it would be called."""
        if isinstance(value, Source):
            return value
        if isinstance(value, str):
            return self._text(value, name)
        if isinstance(value, list | tuple):
            return [self.taken_out(one, name) for one in value]
        if not isinstance(value, Mapping):
            return value
        role = value.get("role")
        own = _ROLES.get(role, role) if isinstance(role, str) else name
        return {key: self.taken_out(one, own if key in ("content", "text") else str(key)) for key, one in value.items()}

    def files(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The pictures or the sound of a form as the SDK takes files: name, bytes and media type."""
        if "file" in body:
            return {"file": self._file(body["file"].named(), body["file"].path, "sound")}
        pictures = [self._picture(one, f"picture-{number}") for number, one in enumerate(body["image"], 1)]
        mask = {"mask": self._picture(body["mask"], "mask")} if "mask" in body else {}
        return {"image": pictures[0] if len(pictures) == 1 else pictures, **mask}

    def _text(self, text: str, name: str) -> Any:
        if isinstance(text, PictureURL) and text.path and len(text) > _LONG_PICTURE:
            self.needs.add("base64")
            head = quoted(text.partition(",")[0] + ",")
            return self._named(f"{head} + base64.b64encode({self._read(text.path)}).decode()", "picture")
        if len(text) <= (_LONG_LINES if "\n" in text else _LONG_TEXT):
            return text
        return self._named(block(text), "picture" if text.startswith("data:image/") else name)

    def _picture(self, picture: PictureFile, name: str) -> Source:
        return self._file(picture.named(name), picture.path, "picture")

    def _file(self, named: tuple[str, bytes, str], path: str | None, variable: str) -> Source:
        name, data, media_type = named
        if path:
            source = self._read(path)
        else:
            self.needs.add("base64")
            source = self._named(f'base64.b64decode("{base64.b64encode(data).decode()}")', variable)
        return Source(f"({quoted(name)}, {source}, {quoted(media_type)})")

    def _read(self, file: str) -> str:
        self.needs.add("Path")
        return f"Path({quoted(file)}).read_bytes()"

    def _named(self, source: str, name: str) -> Source:
        """A variable for what a source says; the same again for the same."""
        if source not in self._names:
            base = name if name.isidentifier() and name.isascii() and name not in _TAKEN else "text"
            tried = (f"{base}_{number}" if number > 1 else base for number in count(1))
            self._names[source] = next(one for one in tried if one not in self._names.values())
            self.assignments.append(f"{self._names[source]} = {source}")
        return Source(self._names[source])


@cache
def _parameters(operation: str) -> frozenset[str]:
    """What the SDK's method takes by name; anything else goes along in `extra_body`."""
    import openai

    method = attrgetter(_METHODS[operation])(openai.OpenAI(api_key="-", base_url="http://localhost"))
    own = {"extra_headers", "extra_query", "extra_body", "timeout"}
    return frozenset(inspect.signature(method).parameters) - own


def _imports(client: str, needs: set[str]) -> str:
    standard = ["import base64"] * ("base64" in needs) + ["import os"] * ("os.environ[" in client)
    standard += ["from pathlib import Path"] * ("Path" in needs)
    identity = ["from azure.identity import DefaultAzureCredential, get_bearer_token_provider"]
    others = identity * ("token_provider" in client)
    others.append(f"from openai import {'AzureOpenAI' if 'AzureOpenAI(' in client else 'OpenAI'}")
    return "\n".join([*standard, *([""] if standard else []), *others])


def _client(target: Target) -> str:
    """The lines that make the client; no key is in them."""
    variable = key_variable(target)
    proof = f"os.environ[{quoted(variable)}]" if variable else "token_provider"
    sign_in = ""
    if variable is None and target.kind == "azure":
        sign_in = f"token_provider = get_bearer_token_provider(DefaultAzureCredential(), {quoted(target.scope)})\n"
    elif variable is None:
        proof = '"none is needed"'
    if target.kind == "local":
        address = 'os.environ["AZURE_OPENAI_ENDPOINT"] + "/openai/v1/"'
        return f"# aoai-magic serve prints both variables.\nclient = OpenAI(\n    base_url={address},\n    api_key={proof},\n)"
    if not target.api_version:
        address = quoted(f"{target.endpoint}/openai/v1/" if target.kind == "azure" else str(target.endpoint))
        return f"{sign_in}client = OpenAI(\n    base_url={address},\n    api_key={proof},\n)"
    name = "api_key" if variable else "azure_ad_token_provider"
    if target.ad_token:
        name = "azure_ad_token"
    return (
        f"{sign_in}client = AzureOpenAI(\n    azure_endpoint={quoted(str(target.endpoint))},\n"
        f"    api_version={quoted(target.api_version)},\n    {name}={proof},\n)"
    )
