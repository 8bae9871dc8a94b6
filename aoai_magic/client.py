"""The one shared client: a connection, and what can be asked of it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import catalog, settings
from .catalog import Known
from .chunks import Chunks
from .errors import AoaiError, Interrupted, NoAnswerError, SettingsError
from .estimates import Estimate, Headroom, estimate
from .explain import explain, stream_error
from .local import launch, weights
from .reply import Choice, Reply, Usage
from .request import Message, chat_body
from .settings import Target
from .sse import events
from .verdicts import worst
from .visible import visible

if TYPE_CHECKING:
    import httpx2
    import openai

    from .azure import ControlPlane


class Connection:
    """Where requests go, with the openai client that sends them.

    `client` and `async_client` are the SDK's own (`openai.OpenAI`, or `openai.AzureOpenAI` where an api-version is
    given), built on first use and shared by all cells. Address and credential are put into each request as it leaves,
    so that neither holds a key.

    >>> Connection(settings.resolve("https://contoso.openai.azure.com", deployment="chat"))
    <Connection azure https://contoso.openai.azure.com, deployment chat>
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._replied: dict[str, str] = {}  # deployment to the model that its last reply named
        self._headroom: dict[str, Headroom] = {}

    @property
    def kind(self) -> settings.Kind:
        """What is at the other end: "local", "azure", "openai" or "compatible"."""
        return self.target.kind

    @property
    def endpoint(self) -> str:
        """The address. That of the local service is found out by asking, which starts it where it isn't running."""
        return self.target.endpoint or launch.ensure(settings.local()).endpoint

    @property
    def deployment(self) -> str | None:
        """The deployment of a request that names none."""
        return self.target.deployment

    def __repr__(self) -> str:
        words = [self.kind, self.target.endpoint, self.target.api_version and f"api-version {self.target.api_version}"]
        named = f", deployment {self.deployment}" if self.deployment else ""
        return f"<Connection {' '.join(filter(None, words))}{named}>"

    @cached_property
    def http(self) -> httpx2.Client:
        """The HTTP client under the SDK's: it puts the address of the local service, and credentials, into requests."""
        import openai

        from .transport import Transport

        transport = Transport(self.target)
        client = openai.DefaultHttpx2Client(transport=transport)
        weakref.finalize(client, transport.close)  # its sockets; the SDK closes only HTTP clients of its own making
        return client

    @cached_property
    def client(self) -> openai.OpenAI:
        """The SDK's synchronous client."""
        import openai

        kind = openai.AzureOpenAI if self.target.api_version else openai.OpenAI
        return kind(**self._options(), http_client=self.http)

    @cached_property
    def async_client(self) -> openai.AsyncOpenAI:
        """The SDK's asynchronous client, over the same address and credential."""
        import openai

        from .transport import AsyncTransport

        kind = openai.AsyncAzureOpenAI if self.target.api_version else openai.AsyncOpenAI
        return kind(
            **self._options(), http_client=openai.DefaultAsyncHttpx2Client(transport=AsyncTransport(self.target))
        )

    @cached_property
    def control_plane(self) -> ControlPlane:
        """What makes, lists and removes the resource's deployments. Raises SettingsError where there are none."""
        from .azure import ControlPlane

        return ControlPlane(self.target, self.http)

    def models(self) -> list[dict[str, Any]]:
        """The models that the service offers, each with name, version, operations, context_window, max_output_tokens,
        stage and retires; what the service doesn't say is the catalogue's, and None where that doesn't know either.

        Raises AoaiError as a prompt does.
        """
        try:
            found = list(self.client.models.list())
        except Exception as error:
            told = explain(error, self.target)
            if told is None or told is error:
                raise
            raise told from error
        return [_offered(one.id) for one in found]

    def faults(self, fault: str | None = None) -> list[dict[str, Any]]:
        """Ask the local service to fail on purpose; return the faults that wait, each with `fault`, `skip` and `times`.

        `fault` is a line as in `aoai_magic.local.faults`, "off" to take all away, None only to look. Raises SettingsError
        for another kind of connection and for words that are no fault.

        >>> Connection(settings.resolve("local")).faults("status=503 times=2")[0]["times"]
        2
        >>> Connection(settings.resolve("local")).faults("off")
        []
        """
        from .transport import LOCAL_URL

        if self.kind != "local":
            raise SettingsError(
                f"Faults are the local service's; requests go to {self.target.endpoint}.",
                "A real service can't be told to fail.",
                "%aoai connect local",
            )
        method = "GET" if fault is None else "DELETE" if fault == "off" else "POST"
        answer = self.http.request(
            method, f"{LOCAL_URL}/aoai/faults", json={"fault": fault} if method == "POST" else None
        )
        if not answer.is_success:
            raise SettingsError(
                answer.json()["error"]["message"],
                "A fault is words like status=503, delay=2 or reset=200, with skip=N and times=N.",
                '%aoai fault "status=503 times=2"',
            )
        waiting: list[dict[str, Any]] = answer.json()["faults"]
        return waiting

    def _options(self) -> dict[str, Any]:
        from .transport import LOCAL_URL, PLACEHOLDER

        address = self.target.endpoint or LOCAL_URL
        if self.target.api_version:
            return {"azure_endpoint": address, "api_version": self.target.api_version, "api_key": PLACEHOLDER}
        if self.kind in ("azure", "local"):
            address += "/openai/v1/"
        return {"base_url": address, "api_key": PLACEHOLDER}

    def chat(
        self,
        prompt: str | Sequence[Message],
        *,
        deployment: str | None = None,
        stream: bool = True,
        on_text: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Reply:
        """Send a prompt to a chat deployment and return the reply; `options` are those of `aoai_magic.chat`."""
        if "client" not in vars(self):
            self.warm_up()  # the service starts while the SDK and the vocabulary are loaded: they take equally long
        body, estimate = self._planned(prompt, deployment, options)
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        name = body["model"]
        exchange = _Exchange(self, body, estimate, on_text)
        try:
            exchange.run()
        except KeyboardInterrupt:
            raise Interrupted("the reply so far is kept (in _ and aoai.last).", exchange.partial()) from None
        except Exception as error:
            told = explain(error, self.target, name)
            if told is None:
                raise
            told.reply = exchange.partial()
            if told is error:
                raise
            raise told from error
        finally:
            if headroom := Headroom.of(exchange.headers):
                self._headroom[name] = headroom
        reply = exchange.reply()
        self._replied[name] = reply.body.get("model") or ""
        return reply

    def estimate(self, prompt: str | Sequence[Message], *, deployment: str | None = None, **options: Any) -> Estimate:
        """What sending a prompt would cost; see `aoai_magic.estimate`. Nothing is sent."""
        return self._planned(prompt, deployment, options)[1]

    def known(self, deployment: str) -> Known | None:
        """The model of a deployment, and how it is known; None where its name says nothing and nobody else did."""
        told = self.target.serves if deployment == self.deployment else None
        listed = self._listed(deployment)
        control_plane = f"{listed['model']}-{listed['version']}".removesuffix("-") if listed else None
        return catalog.known(deployment, told=told, control_plane=control_plane, reply=self._replied.get(deployment))

    def _listed(self, deployment: str) -> dict[str, Any] | None:
        """What the control plane said of a deployment, if it was asked already."""
        plane: ControlPlane | None = vars(self).get("control_plane")
        return plane.seen.get(deployment) if plane else None

    def _planned(
        self, prompt: str | Sequence[Message], deployment: str | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], Estimate]:
        """The body of a request as it would be sent, and what it would cost."""
        name = deployment or self.deployment
        if name is None:
            raise SettingsError(
                f"No deployment is named for {self.target.endpoint}.",
                "On Azure a model is called by the name that its deployment was given.",
                "%%chat NAME, or once for all cells: %aoai connect … -d NAME",
            )
        known, listed = self.known(name), self._listed(name)
        body = chat_body(prompt, name, known.model if known else None, **options)
        sku = listed["sku"] if listed else "GlobalStandard"
        local = self.kind == "local"
        return body, estimate(body, known, sku=sku, local=local, headroom=self._headroom.get(name))

    def warm_up(self) -> None:
        """Begin to start the local service, if that is where requests go, while something else is done."""
        if self.kind == "local":
            wanted = settings.local()
            if wanted.engine == "echo" or wanted.model or weights.CHAT.present(wanted.home):
                threading.Thread(target=_start_quietly, args=[wanted], name="aoai-warm-up", daemon=True).start()


def _start_quietly(wanted: launch.LocalSettings) -> None:
    with contextlib.suppress(
        AoaiError, OSError
    ):  # the request that needs the service meets the same error, and shows it
        launch.ensure(wanted)


def _offered(name: str) -> dict[str, Any]:
    model = catalog.model(name)
    row: dict[str, Any] = {"name": visible(model.name if model else name)}
    for fact in ("version", "operations", "context_window", "max_output_tokens", "stage", "retires"):
        row[fact] = getattr(model, fact, None)
    return row


class _Exchange:
    """One chat request and what has arrived of its answer, so that a break loses nothing."""

    def __init__(
        self,
        connection: Connection,
        body: dict[str, Any],
        estimate: Estimate,
        on_text: Callable[[str], None] | None,
    ) -> None:
        self._connection, self._estimate, self._on_text = connection, estimate, on_text
        self._body = body
        self.headers: Mapping[str, str] = {}
        self._chunks = Chunks()
        self._started = time.perf_counter()
        self._first_token: float | None = None
        self._ended: float | None = None

    def run(self) -> None:
        """Send the request and read the answer to its end."""
        create = self._connection.client.chat.completions.with_streaming_response.create
        rest = {key: value for key, value in self._body.items() if key not in ("model", "messages")}
        with create(model=self._body["model"], messages=self._body["messages"], extra_body=rest) as response:
            first, *_ = [*response.http_response.history, response.http_response]  # more than one after a redirect
            self._body = json.loads(first.request.content)
            self.headers = response.headers
            if "text/event-stream" in response.headers.get("content-type", ""):
                self._read(response.iter_bytes())
            else:
                self._take_whole(response.read())
        self._ended = time.perf_counter()

    def _read(self, blocks: Iterator[bytes]) -> None:
        for _, data in events(self._unbroken(blocks)):
            if data == "[DONE]":
                continue  # and read to the end: a connection left half-read can't be used again
            try:
                chunk = json.loads(data)
                added = "" if chunk.get("error") else self._chunks.add(chunk)
            except (ValueError, AttributeError, TypeError, LookupError):
                raise self._not_a_completion(data) from None
            if chunk.get("error"):
                raise stream_error(chunk["error"], self.headers)
            self._arrived(added)
        if not self._chunks.finished:
            raise self._broke_off()

    def _unbroken(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        import httpx2

        try:
            yield from blocks
        except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            raise self._broke_off() from error

    def _broke_off(self) -> NoAnswerError:
        return NoAnswerError(
            "The reply broke off before its end.",
            "The service, or something between here and there, closed the connection.",
            "Run the cell again.",
            request_id=self._request_id,
        )

    def _take_whole(self, content: bytes) -> None:
        try:
            body = json.loads(content)
            body["choices"][0]["message"]
        except (ValueError, LookupError, TypeError):
            raise self._not_a_completion(content.decode("utf-8", "replace")) from None
        self._chunks.body = body
        self._arrived(body["choices"][0]["message"].get("content") or "")

    def _not_a_completion(self, answer: str) -> NoAnswerError:
        return NoAnswerError(
            f"{self._connection.target.endpoint or 'The service'} answered with something other than a chat completion.",
            answer[:120],
            "Is the address right? %aoai status shows it.",
            body=answer,
            request_id=self._request_id,
        )

    def _arrived(self, text: str) -> None:
        if not text:
            return
        if self._first_token is None:
            self._first_token = time.perf_counter()
        if self._on_text is not None:
            self._on_text(text)

    @property
    def _request_id(self) -> str | None:
        return self.headers.get("apim-request-id") or self.headers.get("x-request-id")

    def reply(self) -> Reply:
        """The reply as far as it has arrived."""
        body = self._chunks.body
        judged = [*(body.get("prompt_filter_results") or []), *body["choices"]]
        return Reply(
            request=self._body,
            deployment=self._estimate.deployment,
            estimate=self._estimate,
            unseen_tokens=int(cut) if (cut := self.headers.get("x-aoai-local-cut", "")).isdigit() else 0,
            kind=self._connection.kind,
            choices=[Choice(one["message"].get("content") or "", one.get("finish_reason")) for one in body["choices"]],
            model=self.headers.get("x-aoai-local-model") or body.get("model") or "",
            usage=_usage(body.get("usage")),
            filters=worst(one.get("content_filter_results") for one in judged),
            request_id=self._request_id,
            seconds=(self._ended or time.perf_counter()) - self._started,
            first_token_seconds=self._first_token and self._first_token - self._started,
            body=body,
        )

    def partial(self) -> Reply | None:
        """The reply as far as it has arrived, or None if nothing has."""
        return self.reply() if self._chunks.body["choices"] else None


def _usage(counted: dict[str, Any] | None) -> Usage | None:
    if not counted:
        return None
    return Usage(
        prompt_tokens=counted["prompt_tokens"],
        completion_tokens=counted["completion_tokens"],
        cached_tokens=(counted.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        reasoning_tokens=(counted.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0,
    )
