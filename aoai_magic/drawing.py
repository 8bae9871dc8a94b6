"""One request for pictures and its answer, read as it arrives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from .base_reply import Usage
from .errors import NoAnswerError
from .exchange import Exchange, Growing
from .image_reply import ImageReply
from .pictures import Picture, picture
from .verdicts import worst

if TYPE_CHECKING:
    import httpx2
    from openai import APIResponse

# The facts of a picture that its last event and a whole answer both have.
_FACTS = ("background", "output_format", "quality", "size")


class Drawing(Exchange):
    """One request for pictures, and what has arrived of them.

    Who watches gets all pictures so far, each time there is more.
    """

    @property
    def operation(self) -> str:  # type: ignore[override]  # by the request, not by the class
        """What the deployment is asked for: to draw, or to change a picture."""
        return "image_edits" if "image" in self._body else "images"

    def _no_chunks(self) -> Growing:
        self._drawn = _Drawn(self._body.get("n", 1))
        return self._drawn

    def _as_sent(self, request: httpx2.Request) -> dict[str, Any]:
        return self._body if "image" in self._body else super()._as_sent(request)

    def _sent(self) -> AbstractContextManager[APIResponse[Any]]:
        images = self._connection.client.images.with_streaming_response
        files = {name: self._body[name] for name in ("image", "mask") if name in self._body}
        rest = {name: value for name, value in self._body.items() if name not in ("model", "prompt", *files)}
        if not files:
            return images.generate(model=self._body["model"], prompt=self._body["prompt"], extra_body=rest)
        given = [one.named(f"picture-{number}") for number, one in enumerate(files["image"], 1)]
        mask = {"mask": files["mask"].named("mask")} if "mask" in files else {}
        # One picture by itself is the field "image", which is all that the classic address knows.
        handed_over: Any = given if len(given) > 1 else given[0]
        return images.edit(
            model=self._body["model"], prompt=self._body["prompt"], image=handed_over, **mask, extra_body=rest
        )

    def _is_wellformed(self) -> bool:
        return True  # it was read when it came

    def _take_whole(self, content: bytes) -> None:
        try:
            self._drawn.take(json.loads(content))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._not_wanted(content[:400].decode("utf-8", "replace"), error) from None
        self._arrived(self._drawn.pictures)

    def _not_wanted(self, answer: str, error: Exception) -> NoAnswerError:
        return NoAnswerError(
            f"{self._connection.target.endpoint or 'The service'} answered with something that can't be shown as a picture.",
            f"{error}." if type(error) is ValueError else answer[:120],
            "Run the cell again; %aoai status shows where requests go.",
            body=answer[:400],
            request_id=self._request_id,
        )

    def reply(self) -> ImageReply:
        """The pictures as far as they have arrived."""
        body = self._drawn.body
        return ImageReply(
            **self._shared_fields(),
            pictures=self._drawn.pictures,
            model=self.headers.get("x-aoai-local-model") or str(body.get("model") or ""),
            usage=self._drawn.usage,
            filters=self._drawn.filters,
            body=body,
        )


class _Drawn:
    """Grows the answer picture by picture; `body` is that of a whole answer, without the pictures themselves."""

    def __init__(self, wanted: int) -> None:
        self.body: dict[str, Any] = {}
        self.usage: Usage | None = None
        self.filters: dict[str, Any] = {}
        self._wanted = wanted
        self._finished: list[Picture] = []
        self._partial: Picture | None = None

    @property
    def pictures(self) -> list[Picture]:
        """Those that are finished, then what there is of the next."""
        return [*self._finished, *([self._partial] if self._partial else [])]

    @property
    def finished(self) -> bool:
        return len(self._finished) >= self._wanted

    def add(self, chunk: dict[str, Any]) -> list[Picture]:
        kind = str(chunk.get("type"))
        if kind.endswith(".partial_image"):
            self._partial = picture(chunk.get("b64_json"), finished=False)
        elif kind.endswith(".completed"):
            self._finished.append(picture(chunk.get("b64_json")))
            self._partial = None
            self.body |= {name: chunk[name] for name in _FACTS if name in chunk}
            self.body["created"] = chunk.get("created_at")
            self._add_usage(chunk.get("usage"))
        else:
            return []
        return self.pictures

    def take(self, body: dict[str, Any]) -> None:
        """Take in a whole answer."""
        data = body["data"]
        self._finished = [picture(one.get("b64_json")) for one in data]
        if not self._finished:
            raise ValueError("it holds no picture")
        self._wanted = len(self._finished)
        self.body = {name: value for name, value in body.items() if name != "data"}
        self.usage = _usage(body.get("usage"))
        # dall-e's answers have verdicts, by picture (learn.microsoft.com, "How to use Azure OpenAI image generation models").
        names = ("prompt_filter_results", "content_filter_results")
        self.filters = worst(found for one in data for name in names if isinstance(found := one.get(name), dict))

    def _add_usage(self, more: dict[str, Any] | None) -> None:
        """Add the tokens of one more picture.

        Each picture's last event counts its own; those of the prompt are counted once, as in a whole answer.
        """
        if not more:
            return
        if before := self.body.get("usage"):
            output = before["output_tokens"] + more["output_tokens"]
            more = {**before, "output_tokens": output, "total_tokens": before["input_tokens"] + output}
        self.body["usage"] = more
        self.usage = _usage(more)


def _usage(counted: Mapping[str, Any] | None) -> Usage | None:
    if not counted:
        return None
    prompt, output = int(counted["input_tokens"]), int(counted["output_tokens"])
    # gpt-image-1.5 counts apart what it thinks in words (OpenAI's API reference, ImagesResponse.usage).
    drawn = (counted.get("output_tokens_details") or {}).get("image_tokens", output)
    handed_over = (counted.get("input_tokens_details") or {}).get("image_tokens") or 0
    return Usage(prompt, output, image_input_tokens=int(handed_over), image_output_tokens=int(drawn))
