"""The chunks of a streamed completion, put back together into the completion that they are."""

from __future__ import annotations

from typing import Any

from .verdicts import worst


class Chunks:
    """Grows a chat completion chunk by chunk; `body` is at any time the completion of what has arrived.

    >>> chunks = Chunks()
    >>> chunks.add({"id": "c1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}}]})
    'Hel'
    >>> chunks.add({"id": "c1", "choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"}]})
    'lo'
    >>> chunks.body["choices"][0]["message"]["content"], chunks.finished
    ('Hello', True)
    """

    def __init__(self) -> None:
        self.body: dict[str, Any] = {"choices": []}

    @property
    def finished(self) -> bool:
        """Whether every choice that began has ended."""
        choices = self.body["choices"]
        return bool(choices) and all(choice["finish_reason"] for choice in choices)

    def add(self, chunk: dict[str, Any]) -> str:
        """Take in a chunk and return the text that it adds to the first choice."""
        for key, value in chunk.items():
            # Azure's first chunk, the verdict on the prompt, has an empty id, object and model.
            if key != "choices" and value not in (None, "", 0):
                self.body[key] = str(value).removesuffix(".chunk") if key == "object" else value
        added = ""
        for part in chunk.get("choices") or []:
            choice = self._choice(part.get("index", 0))
            text = self._grow(choice, part)
            if choice["index"] == 0:
                added += text
            choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
            if part.get("content_filter_results"):
                known = choice.get("content_filter_results")
                choice["content_filter_results"] = worst([known, part["content_filter_results"]])
        return added

    def _grow(self, choice: dict[str, Any], part: dict[str, Any]) -> str:
        """Add to a choice what a chunk has for it, and return the text in that."""
        delta = part.get("delta") or {}
        _merge(
            choice.setdefault("message", {"role": "assistant", "content": None}),
            {key: value for key, value in delta.items() if key != "obfuscation"},
        )
        if part.get("logprobs"):
            choice["logprobs"] = choice["logprobs"] or {}
            _merge(choice["logprobs"], part["logprobs"])
        return delta.get("content") or ""

    def _choice(self, index: int) -> dict[str, Any]:
        for choice in self.body["choices"]:
            if choice["index"] == index:
                found: dict[str, Any] = choice
                return found
        found = {"index": index, "finish_reason": None, "logprobs": None}
        self.body["choices"].append(found)
        self.body["choices"].sort(key=lambda choice: choice["index"])
        return found


class TextChunks(Chunks):
    """The same for a text completion, whose choices hold plain text, and their logprobs as lists side by side.

    >>> chunks = TextChunks()
    >>> [chunks.add({"choices": [{"index": 0, "text": text}]}) for text in ("Hel", "lo")]
    ['Hel', 'lo']
    >>> chunks.body["choices"][0]["text"]
    'Hello'
    """

    def _grow(self, choice: dict[str, Any], part: dict[str, Any]) -> str:
        text: str = part.get("text") or ""
        choice["text"] = choice.get("text", "") + text
        if part.get("logprobs"):
            choice["logprobs"] = choice["logprobs"] or {}
            for name, values in part["logprobs"].items():
                choice["logprobs"][name] = [*choice["logprobs"].get(name, []), *(values or [])]
        return text


def _merge(whole: dict[str, Any], part: dict[str, Any]) -> None:
    """Add a delta to what it belongs to: text is appended, lists grow, numbered entries are merged by their number."""
    for key, value in part.items():
        if value is None:
            whole.setdefault(key, None)
        elif isinstance(value, list):
            entries = whole[key] = whole.get(key) or []
            for entry in value:
                number = entry.get("index") if isinstance(entry, dict) else None
                same = next((one for one in entries if number is not None and one.get("index") == number), None)
                if same is None:
                    entries.append(entry)
                else:
                    _merge(same, {name: new for name, new in entry.items() if name != "index"})
        elif isinstance(value, dict):
            inner = whole[key] = whole.get(key) or {}
            _merge(inner, value)
        elif isinstance(value, str) and key not in ("role", "id", "type"):
            whole[key] = (whole.get(key) or "") + value
        else:
            whole[key] = value
