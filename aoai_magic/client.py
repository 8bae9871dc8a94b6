"""The one shared client: a connection, and what can be asked of it."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from . import catalog, ledger, settings, tokens
from .catalog import Known
from .drawing import Drawing
from .embeddings import Embeddings, gather
from .errors import AoaiError, Interrupted, SettingsError
from .estimates import Estimate, Headroom, estimate
from .exchange import Exchange, TextExchange, VectorExchange, reserve
from .explain import explain
from .images import ImageEstimate, estimate_image, image_body
from .local import launch, weights
from .reply import Reply
from .request import Message, batches, chat_body, completion_body, refuse_too_long, texts_of
from .settings import Target
from .visible import visible

if TYPE_CHECKING:
    import httpx2
    import openai

    from .azure import ControlPlane
    from .image_reply import ImageReply
    from .pictures import Picture


class Connection:
    """Where requests go, with the openai client that sends them.

    `client` and `async_client` are the SDK's own (`openai.OpenAI`, or `openai.AzureOpenAI` where an api-version is
    given), built on first use and shared by all cells. Address and credential are put into each request as it leaves,
    so that neither holds a key. What is sent through them directly isn't in the ledger, and no budget holds it.

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
        budget: float | ledger.Allowance | None = None,
        on_text: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Reply:
        """Send a prompt to a chat deployment and return the reply; `options` are those of `aoai_magic.chat`."""
        if "client" not in vars(self):
            self.warm_up()  # the service starts while the SDK and the vocabulary are loaded: they take equally long
        body, estimate = self._planned(prompt, deployment, options)
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        entry = reserve(self.kind, "chat", body, estimate, budget)
        reply: Reply = self._answered(Exchange(self, body, estimate, entry, on_text))
        return reply

    def complete(
        self,
        prompt: str,
        *,
        deployment: str | None = None,
        stream: bool = True,
        budget: float | ledger.Allowance | None = None,
        on_text: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Reply:
        """Let a deployment continue a text and return the reply; `options` are those of `aoai_magic.complete`."""
        if "client" not in vars(self):
            self.warm_up()
        body, estimate = self._planned_text(prompt, deployment, options)
        if stream and estimate.choices == (body.get("n") or 1):  # the best of several is known in the end only
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        entry = reserve(self.kind, "completions", body, estimate, budget)
        reply: Reply = self._answered(TextExchange(self, body, estimate, entry, on_text))
        return reply

    def embed(
        self,
        texts: str | Iterable[str],
        *,
        dimensions: int | None = None,
        deployment: str | None = None,
        budget: float | ledger.Allowance | None = None,
        on_progress: Callable[[str, float], None] | None = None,
        **params: Any,
    ) -> Embeddings:
        """Ask for the vectors of texts, in as few requests as their limits allow; see `aoai_magic.embed`.

        All requests are written into the ledger before the first is sent, so that a budget refuses all or none.
        `on_progress` is told in words and as a fraction how far it is, before each request but the first.
        """
        if "client" not in vars(self):
            self.warm_up()
        given, index = texts_of(texts)
        name = deployment or self._default("embeddings", 'aoai.embed(texts, deployment="NAME")')
        known, listed, headroom = self.known(name), self._listed(name), self._headroom.get(name)
        counts = tokens.count_many(given, known.model.name if known else settings.LOCAL_DEPLOYMENTS["embeddings"])
        if known:
            refuse_too_long(counts, index, known.model)
        own = {key: value for key, value in {"dimensions": dimensions, **params}.items() if value is not None}
        foreseen = self._estimated({"model": name, "input": given, **own}, known)
        allowance = budget if budget is None or isinstance(budget, ledger.Allowance) else ledger.Allowance(budget)
        ask = partial(self.embed, deployment=name, dimensions=dimensions, **params)
        minute = headroom.token_limit if headroom else listed["tpm"] if listed else None
        exchanges: list[VectorExchange] = []
        try:
            for cut in batches(given, counts, minute):
                body = {"model": name, "input": given[cut], **own}
                estimate = self._estimated(body, known)
                entry = reserve(self.kind, "embeddings", body, estimate, allowance)
                exchanges.append(VectorExchange(self, body, estimate, entry, None))
            return gather(given, index, exchanges, self._answered, foreseen, ask, on_progress)
        finally:
            for exchange in exchanges:
                if not exchange.begun:
                    exchange.settle("not sent")

    def image(
        self,
        prompt: str,
        *,
        deployment: str | None = None,
        budget: float | ledger.Allowance | None = None,
        on_picture: Callable[[list[Picture]], None] | None = None,
        **options: Any,
    ) -> ImageReply:
        """Let a deployment draw, or change a picture, and return the reply; `options` are those of `aoai_magic.image`."""
        if "client" not in vars(self):
            self.warm_up()
        body, estimate = self._planned_image(prompt, deployment, options)
        entry = reserve(self.kind, "image_edits" if "image" in body else "images", body, estimate, budget)
        reply: ImageReply = self._answered(Drawing(self, body, estimate, entry, on_picture))
        return reply

    def _answered(self, exchange: Exchange) -> Any:
        """Send a request, write down in the ledger what comes of it, and return the reply; or explain what went wrong."""
        name = exchange.estimate.deployment
        try:
            with exchange.entry:
                exchange.run()
        except KeyboardInterrupt:
            so_far = exchange.settle("interrupted")
            kept = "the reply so far is kept (in _ and aoai.last)." if so_far else "nothing had come yet."
            raise Interrupted(kept, so_far) from None
        except Exception as error:
            told = explain(error, self.target, name, exchange.operation, lambda: self._able(exchange.operation))
            so_far = exchange.settle("error", told)
            if told is None:
                raise
            told.reply = so_far
            if told is error:
                raise
            raise told from error
        finally:
            if headroom := Headroom.of(exchange.headers):
                self._headroom[name] = headroom
        exchange.settle("ended")
        reply = exchange.reply()
        self._replied[name] = reply.body.get("model") or ""
        return reply

    def estimate(self, prompt: str | Sequence[Message], *, deployment: str | None = None, **options: Any) -> Estimate:
        """What sending a prompt would cost; see `aoai_magic.estimate`. Nothing is sent."""
        return self._planned(prompt, deployment, options)[1]

    def estimate_completion(self, prompt: str, *, deployment: str | None = None, **options: Any) -> Estimate:
        """What `complete` with the same arguments would cost. Nothing is sent."""
        return self._planned_text(prompt, deployment, options)[1]

    def estimate_image(self, prompt: str, *, deployment: str | None = None, **options: Any) -> ImageEstimate:
        """What `image` with the same arguments would cost. Nothing is sent."""
        return self._planned_image(prompt, deployment, options)[1]

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
        known = self.known(name)
        body = chat_body(prompt, name, known.model if known else None, **options)
        return body, self._estimated(body, known)

    def _planned_text(
        self, prompt: str, deployment: str | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], Estimate]:
        name = deployment or self._default("completions", "%%complete NAME")
        body = completion_body(prompt, name, **options)
        return body, self._estimated(body, self.known(name))

    def _planned_image(
        self, prompt: str, deployment: str | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], ImageEstimate]:
        name = deployment or self._default("images", "%%image NAME")
        known = self.known(name)
        body = image_body(prompt, name, known.model if known else None, **options)
        return body, estimate_image(body, known, **self._circumstances(name))

    def _estimated(self, body: dict[str, Any], known: Known | None) -> Estimate:
        return estimate(body, known, **self._circumstances(body["model"]))

    def _circumstances(self, deployment: str) -> dict[str, Any]:
        """What an estimate needs to know of a deployment, beside its model."""
        listed = self._listed(deployment)
        sku = listed["sku"] if listed else "GlobalStandard"
        return {"sku": sku, "local": self.kind == "local", "headroom": self._headroom.get(deployment)}

    def _default(self, operation: str, example: str) -> str:
        """The deployment that is asked for something else than chat where none is named; most connections' is for chat."""
        if (own := self.deployment) and (known := self.known(own)) and operation in known.model.operations:
            return own
        if self.kind == "local":
            return settings.LOCAL_DEPLOYMENTS[operation]
        raise SettingsError(
            f"No deployment for {operation} is named for {self.target.endpoint}.",
            f"{own!r}, the connection's, isn't known to offer them." if own else "On Azure its name is your own.",
            f"{example}; %aoai deployments lists yours",
        )

    def _able(self, operation: str) -> list[str] | None:
        """The deployments that offer an operation; None where nobody can be asked: a key opens no control plane."""
        try:
            plane = self.control_plane
            if not plane.seen and (self.kind == "local" or not self.target.key_source):
                plane.deployments()
        except AoaiError:
            return None
        models = {name: catalog.model(f"{row['model']}-{row['version']}") for name, row in plane.seen.items()}
        return [name for name, model in models.items() if model and operation in model.operations] if models else None

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
