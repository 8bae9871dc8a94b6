"""What came back: the text, and everything known about it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .base_reply import BaseReply, sum_known
from .conversations import Standing
from .logprobs import Confidence, Token
from .render import Block, Folded, Listing, Quiet, Rows, Words, bundled, called
from .tools import ToolCall
from .verdicts import filtered, findings, remarks
from .visible import visible

if TYPE_CHECKING:
    from openai.types import Completion
    from openai.types.audio import TranscriptionVerbose
    from openai.types.chat import ChatCompletion
    from openai.types.responses import Response

_ONE_LINE = 80  # characters of JSON that aren't spread over several


@dataclass(frozen=True)
class Choice:
    """One of the answers of a reply: its text and why it ended (`stop`, `length`, `content_filter`, `tool_calls`).

    `refusal` is what the model says instead of an answer that it won't give; `parsed` what the text says in the shape
    that was asked for, None where none was; `logprobs` how likely each of its tokens was, where that was asked for;
    `tool_calls` the calls of tools that it asks for.
    """

    text: str
    finish_reason: str | None
    refusal: str | None = None
    parsed: Any = field(default=None, compare=False)
    logprobs: tuple[Token, ...] = field(default=(), repr=False)
    tool_calls: tuple[ToolCall, ...] = ()

    def confidence(self) -> Confidence:
        """The text, each token shaded by how unlikely it was, with the alternatives behind it."""
        return Confidence(self.logprobs)

    def __str__(self) -> str:
        return self.text


@dataclass
class Reply(BaseReply):
    """A reply of a model that writes. `str(reply)` is its text; `reply[0]`, `reply[1]`, … are its choices.

    `request` is the JSON body as it was sent, `raw` the SDK's own `ChatCompletion`, `filters` the content filter's
    verdicts by category. `model` is who really answered, which behind the local service is a small model and behind
    Azure the version of the deployment's model. `seconds` is the time until the last token, `first_token_seconds` until
    the first; both in seconds. `estimate` is what was foreseen before it was sent; `unseen_tokens` how many of the
    prompt's the local model, whose window is smaller than the deployment's, didn't get to see; `note` what the ledger
    or a budget did; `conversation` how the conversation stands that it belongs to; `rounds` the replies of each
    request, where tools were called on the way: tokens, cost and seconds are those of all of them then, everything else
    is the last one's. `recorded` is the day of the recording that answered, None where the service did: then seconds,
    ids and cost are what they were on that day. A reply that was interrupted or broke off has `finish_reason` None.

    >>> reply = Reply(request={}, deployment="gpt-4o", kind="azure", choices=[Choice("Hello!", "stop")])
    >>> str(reply), reply.finish_reason
    ('Hello!', 'stop')
    """

    choices: list[Choice]
    filters: dict[str, Any] = field(default_factory=dict)
    unseen_tokens: int = 0
    conversation: Standing | None = None
    response: dict[str, Any] | None = field(default=None, repr=False)
    rounds: tuple[Reply, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The text of the first choice."""
        return self.choices[0].text if self.choices else ""

    @property
    def markdown(self) -> str:
        """The text as it is shown: as Markdown, but subtitles (of `aoai.transcribe`) line by line."""
        subtitles = "file" in self.request and self.request.get("response_format") in ("srt", "vtt")
        return f"```\n{self.text}\n```" if subtitles else self.text

    @property
    def json(self) -> Any:
        """The text read as JSON. Raises ValueError where it isn't JSON."""
        return json.loads(self.text)

    @property
    def parsed(self) -> Any:
        """What the first choice says in the shape that `schema` asked for.

        That is an instance of a pydantic class, a DataFrame for a list of fields in words, else what JSON has; None
        where no shape was asked for.
        """
        return self.choices[0].parsed if self.choices else None

    @property
    def logprobs(self) -> list[Token]:
        """The tokens of the first choice with their log probabilities and alternatives.

        None are there where they weren't asked for.
        """
        return [*self.choices[0].logprobs] if self.choices else []

    def confidence(self) -> Confidence:
        """How sure the model was of the first choice: its text with each token shaded by how unlikely it was."""
        return Confidence(self.logprobs)

    @property
    def reasoning(self) -> str:
        """What a reasoning model tells of its thoughts, where the Responses API was asked for it, as by
        `--param reasoning='{"summary": "auto"}'`; else "".
        """
        choices = self.body.get("choices") or [{}]
        return str((choices[0].get("message") or {}).get("reasoning_summary") or "")

    @property
    def finish_reason(self) -> str | None:
        """Why the first choice ended; None if it was interrupted or broke off."""
        return self.choices[0].finish_reason if self.choices else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that a conversation goes on with.

        They are what was answered, as far as a request may say it again, and the results of the calls that were made on
        the way.
        """
        if self.rounds:
            return [message for one in self.rounds for message in one.messages]
        if not self.choices:
            return []
        message = {"content": self.text, **(self.body["choices"][0].get("message") or {})} if self.body else {}
        said = {key: message[key] for key in ("refusal", "tool_calls", "reasoning_items") if message.get(key)}
        results = [call.message for call in self.choices[0].tool_calls if call.result is not None]
        return [{"role": "assistant", "content": message.get("content", self.text), **said}, *results]

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The calls of tools that the first choice asks for, after those of the rounds before it.

        Those that were made have a `result`.
        """
        choices = [one.choices[0] for one in self.rounds or (self,) if one.choices]
        return [call for choice in choices for call in choice.tool_calls]

    @property
    def cost(self) -> float | None:
        """US dollars: 0.0 on the local service, an estimate elsewhere, None where the price or the usage is unknown.

        Of all rounds together.
        """
        return sum_known(one.cost for one in self.rounds) if self.rounds else super().cost

    @property
    def azure_cost(self) -> float | None:
        """What the same tokens cost on Azure, in US dollars; None where that is unknown. Of all rounds together."""
        return sum_known(one.azure_cost for one in self.rounds) if self.rounds else super().azure_cost

    def to_dict(self) -> dict[str, Any]:
        """Everything that is known of the reply, in what JSON has; see `BaseReply.to_dict`."""
        return {**super().to_dict(), "rounds": [one.to_dict() for one in self.rounds]}

    def status(self, *, watched: bool = True) -> str:
        """The quiet line under a reply: deployment, who answered, tokens in and out, seconds, price.

        Where nobody watches (nbval, nbclient), only what is the same at every run is said: no seconds, no price.

        >>> from .base_reply import Usage
        >>> reply = Reply({}, "gpt-4o", "azure", [Choice("Hi", "stop")], model="gpt-4o-2024-11-20", usage=Usage(8, 2))
        >>> reply.status(watched=False)
        'gpt-4o · gpt-4o-2024-11-20 · 8 tokens in, 2 out'
        """
        return " · ".join([self.deployment, *self.facts(watched=watched).values()])

    def facts(self, *, watched: bool = True) -> dict[str, str]:
        """What the quiet line says of the reply, each under its name; what there is nothing to say of isn't there."""
        unseen = self.unseen_tokens
        said = {
            "model": " · ".join(self._answered_by()[1:]),
            "rounds": f"{len(self.rounds)} request{'s' * (len(self.rounds) != 1)}" if self.rounds else "",
            "tokens": str(self.usage or ""),
            "unseen": f"{unseen:,} tokens of the prompt left out for the local model" if unseen else "",
            "time": f"{self.seconds:.1f} s" if watched else "",
            "price": self._price() if watched else "",
            "note": self.note if watched else "",
            "end": self._end(),
            "conversation": str(self.conversation or ""),
            "filter": " · ".join(remarks(self.filters)),
        }
        return {name: words for name, words in said.items() if words}

    def _end(self) -> str:
        """How it ended, unless it came to its own end; of several answers, how many did so in which way."""
        found = Counter(self._ended(choice) for choice in self.choices or [Choice("", None)])
        of = f" ({{}} of {len(self.choices)})" if len(self.choices) > 1 else ""
        return " · ".join(f"{end}{of.format(count)}" for end, count in found.items() if end)

    def _ended(self, choice: Choice) -> str:
        if choice.refusal:
            return "refused by the model"
        if choice.finish_reason == "length":
            return "cut at the token limit" if choice.text else "empty: cut at the token limit"
        if choice.finish_reason == "content_filter":
            found = ", ".join(filtered(self.filters))
            return "cut by the content filter" + (f" ({found})" if found else "")
        return "broken off" if choice.finish_reason is None else ""

    @property
    def emptied(self) -> str:
        """Why an answer is empty whose tokens had a limit, and what to set; "" where that isn't so."""
        empty = [one for one in self.choices if one.finish_reason == "length" and not (one.text or one.refusal)]
        if not empty:
            return ""
        thought = self.usage.reasoning_tokens if self.usage else 0
        if not thought:
            return "The limit left no token for an answer: raise --max-tokens."
        lowest = self.estimate.known.model.efforts if self.estimate and self.estimate.known else ()
        less = f", or have it think less: --effort {lowest[0]}" if lowest and self.effort != lowest[0] else ""
        return (
            f"The limit left nothing for an answer: {thought:,} tokens went into reasoning. Raise --max-tokens{less}."
        )

    @property
    def effort(self) -> str | None:
        """How much the model was asked to think; None where the request leaves that to it."""
        effort: str | None = self.request.get("reasoning_effort") or (self.request.get("reasoning") or {}).get("effort")
        return effort

    @property
    def verdicts(self) -> list[tuple[str, ...]]:
        """What the content filter found, as a table's rows under their heads; nothing where it found nothing."""
        return findings(self.body)

    @property
    def raw(self) -> ChatCompletion | Response | Completion | TranscriptionVerbose:
        """The whole answer as the openai SDK's `ChatCompletion`, whether it was streamed or not.

        That of the Responses API is a `Response`, `aoai.complete`'s a `Completion`, `aoai.transcribe`'s a
        `TranscriptionVerbose` (with `segments`, where they were asked for).
        """
        if "file" in self.request:
            from openai.types.audio import TranscriptionVerbose

            return TranscriptionVerbose.construct(**self.body)
        if "prompt" in self.request:
            from openai.types import Completion

            return Completion.construct(**self.body)
        if self.response is not None:
            from openai.types.responses import Response

            return Response.construct(**self.response)
        from openai.types.chat import ChatCompletion

        return ChatCompletion.construct(**self.body)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return visible(self.text or (self.choices[0].refusal if self.choices else None) or "")

    def bundle(self, status: str = "") -> dict[str, str]:
        """The reply as it is displayed, with a quiet line under it."""
        return bundled(self.blocks(), status)

    def blocks(self, answer: Block | None = None) -> list[Block]:
        """What the reply is shown as: its answers, each under its number where there are several, and what the content
        filter found. An `answer` of another form takes the answers' place.
        """
        several = len(self.choices) > 1
        found: list[Block] = []
        for one in self.rounds:
            if one.choices and one.choices[0].tool_calls:
                found += [Words(one.text)] if one.text else []
                found += [called(call) for call in one.choices[0].tool_calls]
        told = self.rounds and self.choices[0].tool_calls  # the last round has been told of
        choices = self.choices if answer is None and not told else []
        found += [] if answer is None else [answer]
        for number, choice in enumerate(choices, 1):
            found += [Quiet(f"{number} of {len(self.choices)}")] if several else []
            found += [_shaped(choice) or Words(choice.text if several else self.markdown)] if choice.text else []
            found += [Words(choice.refusal)] if choice.refusal else []
            found += [Confidence(choice.logprobs, folded=True)] if choice.logprobs else []
            found += [called(call) for call in choice.tool_calls]
        found += [Folded("thoughts, summed up", one.reasoning) for one in self.rounds or (self,) if one.reasoning]
        if self.emptied:
            found.append(Quiet(self.emptied))
        return [*found, *([Rows(self.verdicts)] if self.verdicts else [])]

    def __len__(self) -> int:
        return len(self.choices)

    def __getitem__(self, index: int) -> Choice:
        return self.choices[index]

    def __iter__(self) -> Iterator[Choice]:
        return iter(self.choices)


def _shaped(choice: Choice) -> Block | None:
    """An answer in the shape that was asked for, as a table or as JSON; None for one that has none."""
    if choice.parsed is None:
        return None
    if hasattr(choice.parsed, "iterrows"):
        return Listing(choice.parsed)
    value = json.loads(choice.text)
    line = json.dumps(value, ensure_ascii=False)
    return Words(line if len(line) <= _ONE_LINE else json.dumps(value, indent=2, ensure_ascii=False), "json")
