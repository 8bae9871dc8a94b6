"""The content filter: its verdicts on everything, and phrases in a prompt that bring each of them about.

Azure's filter is a set of models; here nothing is judged, and everything is safe unless the prompt says otherwise, in
phrases that are counted with it and that the engine doesn't get to read:

    aoai-filter:violence              the prompt is blocked (also hate, sexual, self_harm; severity high)
    aoai-filter:violence=low          the prompt passes, annotated "low" (safe and low pass, medium and high are filtered)
    aoai-filter:jailbreak             the prompt is blocked as an attack on the model's instructions
    aoai-filter:indirect_attack       the same, for instructions hidden in a document
    aoai-filter:blocklist             the prompt is blocked by a list of words of the resource's own
    aoai-filter:error                 the filter itself fails: nothing is filtered, and the annotation says so
    aoai-filter:reply-violence        the reply is cut in its middle (the same categories and severities)
    aoai-filter:reply-protected_material_text   the reply is cut: known text, such as lyrics
    aoai-filter:reply-protected_material_code   the reply passes, annotated with the code's source and licence
    aoai-filter:reply-blocklist       the reply is cut by a list of words of the resource's own

Shapes and the default policy (medium and above is filtered): learn.microsoft.com, "Content filter annotations".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .azure_errors import AzureError
from .engine import Job

HARMS = ("hate", "self_harm", "sexual", "violence")
_ATTACKS = ("jailbreak", "indirect_attack")
_SEVERITIES = ("safe", "low", "medium", "high")
_PHRASE = re.compile(r"aoai-filter:(reply-)?([a-z_]+)(?:=(safe|low|medium|high))?")
_PHRASE_IN_TEXT = re.compile(f" ?{_PHRASE.pattern}")
#: How many words of a reply pass before the filter cuts it.
CUT_AFTER_WORDS = 5
#: The same in asynchronous mode, where nothing is held back and the verdict comes within some 1,000 characters.
CUT_LATE_AFTER_WORDS = 180


class Verdict:
    """What the filter found in one text: `results` as annotations have them, and whether the text is `blocked`."""

    def __init__(self, results: dict[str, Any]) -> None:
        self.results = results
        self.blocked = any(found.get("filtered") for found in results.values())


@dataclass(frozen=True)
class Filter:
    """The verdicts on one exchange, as the phrases in its prompt ask for them.

    >>> Filter.of(["Tell me a story. aoai-filter:violence"]).prompt.blocked
    True
    """

    prompt: Verdict
    reply: Verdict

    @classmethod
    def of(cls, texts: Iterable[str], *, fails: bool = False) -> Filter:
        """Read the phrases of a prompt's texts; or fail, as a filter that can't be reached does."""
        if fails:
            texts = ["aoai-filter:error aoai-filter:reply-error"]
        phrases = [phrase for text in texts for phrase in _PHRASE.findall(text)]
        if not phrases:
            return SAFE
        prompt, reply = _safe_prompt(), _safe_reply()
        for in_reply, category, severity in phrases:
            _find(reply if in_reply else prompt, category, severity or "high")
        return cls(Verdict(prompt), Verdict(reply))

    def heard(self, job: Job) -> Job:
        """A job as the engine gets to read it: without the phrases, if there were any."""
        if self is SAFE:
            return job
        messages = [{**message, "content": without_phrases(message["content"])} for message in job.messages]
        return job._replace(messages=messages, prompt=job.prompt and without_phrases(job.prompt))

    @property
    def prompt_results(self) -> list[dict[str, Any]]:
        """`prompt_filter_results` of a chat completion."""
        return [{"prompt_index": 0, "content_filter_results": self.prompt.results}]

    def content_filters(self, *, replied: bool = True) -> list[dict[str, Any]]:
        """`content_filters` of the Responses API: an entry for the prompt, and one for the reply."""
        sides = [("prompt", self.prompt), *([("completion", self.reply)] if replied else [])]
        return [
            {"blocked": verdict.blocked, "source_type": source, "content_filter_results": verdict.results}
            for source, verdict in sides
        ]

    def refusal(self, *, responses: bool = False) -> AzureError:
        """The error for a prompt that is blocked, in the shape of chat or of the Responses API."""
        error: dict[str, Any] = {
            "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
            "Please modify your prompt and retry. To learn more about our content filtering policies please read our "
            "documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
            "type": "invalid_request_error" if responses else None,
            "param": "prompt",
            "code": "content_filter",
        }
        if responses:
            return AzureError(400, {**error, "content_filters": self.content_filters(replied=False)})
        # "result" in the singular, and not as in the annotations of a reply: so it is documented.
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": self.prompt.results}
        return AzureError(400, {**error, "status": 400, "innererror": inner})


def without_phrases(text: str) -> str:
    """A text as the engine gets to read it.

    >>> without_phrases("Tell me a story. aoai-filter:reply-violence")
    'Tell me a story.'
    """
    return _PHRASE_IN_TEXT.sub("", text).strip(" ") if _PHRASE.search(text) else text


def _safe_prompt() -> dict[str, Any]:
    return {**_safe(), "jailbreak": {"filtered": False, "detected": False}}


def _safe_reply() -> dict[str, Any]:
    unseen = {"filtered": False, "detected": False}
    return {**_safe(), "protected_material_code": unseen, "protected_material_text": unseen}


def _safe() -> dict[str, Any]:
    return {category: {"filtered": False, "severity": "safe"} for category in HARMS}


#: The verdicts on an exchange in which nothing was found.
SAFE = Filter(Verdict(_safe_prompt()), Verdict(_safe_reply()))


def _find(results: dict[str, Any], category: str, severity: str) -> None:
    if category in HARMS:
        results[category] = {"filtered": _SEVERITIES.index(severity) >= 2, "severity": severity}
    elif category in _ATTACKS or category == "protected_material_text":
        results[category] = {"filtered": True, "detected": True}
    elif category == "protected_material_code":
        source = {"URL": "https://github.com/example/example", "license": "MIT"}
        results[category] = {"filtered": False, "detected": True, "citation": source}
    elif category == "blocklist":
        results["custom_blocklists"] = {"filtered": True, "details": [{"id": "local-blocklist", "filtered": True}]}
    elif category == "error":
        results.clear()
        results["error"] = {"code": "content_filter_error", "message": "The contents are not filtered"}
