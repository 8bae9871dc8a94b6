"""The one shared client: a connection, and what is known of its deployments.

What can be asked of it is in `operations`.
"""

from __future__ import annotations

import contextlib
import json
import threading
import weakref
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from . import catalog, settings
from .catalog import Known
from .errors import AoaiError, SettingsError
from .estimates import Estimate, Headroom, estimate
from .explain import explained
from .local import launch, weights
from .settings import Target
from .visible import visible

if TYPE_CHECKING:
    import httpx2
    import openai

    from .azure import ControlPlane


class Connection:
    """Where requests go, with the openai client that sends them.

    `client` and `async_client` are the SDK's own (`openai.OpenAI`, or `openai.AzureOpenAI` where an api-version is
    given), built on first use and shared by all cells. Address and credential are put into each request as it leaves,
    so that neither holds a key. What is sent through them directly isn't in the ledger, and no budget holds it; it is
    recorded and replayed as everything is.

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
        return visible(f"<Connection {' '.join(filter(None, words))}{named}>")

    @cached_property
    def http(self) -> httpx2.Client:
        """The HTTP client under the SDK's: it puts the address of the local service, and credentials, into requests."""
        import openai

        from .recordings.transport import Recorder
        from .transport import Transport

        transport = Recorder(Transport(self.target), self.target)
        client = openai.DefaultHttpx2Client(transport=transport)
        weakref.finalize(client, transport.close)  # its sockets; the SDK closes only HTTP clients of its own making
        return client

    @cached_property
    def client(self) -> openai.OpenAI:
        """The SDK's synchronous client, which says what it waits for where someone watches."""
        from .patience import AzureOpenAI, OpenAI

        kind = AzureOpenAI if self.target.api_version else OpenAI
        return kind(**self._options(), http_client=self.http)

    @cached_property
    def async_client(self) -> openai.AsyncOpenAI:
        """The SDK's asynchronous client, over the same address and credential."""
        import openai

        from .recordings.transport import AsyncRecorder
        from .transport import AsyncTransport

        transport = AsyncRecorder(AsyncTransport(self.target), self.target)
        kind = openai.AsyncAzureOpenAI if self.target.api_version else openai.AsyncOpenAI
        return kind(**self._options(), http_client=openai.DefaultAsyncHttpx2Client(transport=transport))

    def post(self, path: str, body: Mapping[str, Any]) -> httpx2.Response:
        """Send a body as the SDK would, and return the answer as it came: 0.3 ms where the SDK's models take 1.7.

        Raises what `http` raises; an answer that is an error is returned like any other.
        """
        if self.target.api_version and path != "responses":
            path = f"deployments/{quote(body['model'], safe='')}/{path}"
        address, headers, query = self._posting
        return self.http.post(address + path, content=json.dumps(body), headers=headers, params=query)

    @cached_property
    def _posting(self) -> tuple[str, dict[str, str], dict[str, Any]]:
        client = self.client
        headers = {name: value for name, value in client.default_headers.items() if isinstance(value, str)}
        return str(client.base_url), headers, dict(client.default_query)

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
        with explained(self.target):
            return [_offered(one.id) for one in self.client.models.list()]

    def _options(self) -> dict[str, Any]:
        from .transport import LOCAL_URL, PLACEHOLDER

        address = self.target.endpoint or LOCAL_URL
        if self.target.api_version:
            return {"azure_endpoint": address, "api_version": self.target.api_version, "api_key": PLACEHOLDER}
        if self.kind in ("azure", "local"):
            address += "/openai/v1/"
        return {"base_url": address, "api_key": PLACEHOLDER}

    def known(self, deployment: str) -> Known | None:
        """The model of a deployment, and how it is known; None where its name says nothing and nobody else did."""
        told = self.target.serves if deployment == self.deployment else None
        listed = self.listed(deployment)
        control_plane = f"{listed['model']}-{listed['version']}".removesuffix("-") if listed else None
        return catalog.known(deployment, told=told, control_plane=control_plane, reply=self._replied.get(deployment))

    def has_answered(self, deployment: str) -> bool:
        """Whether a deployment has answered this connection before."""
        return deployment in self._replied

    def listed(self, deployment: str) -> dict[str, Any] | None:
        """What the control plane said of a deployment, if it was asked already."""
        plane: ControlPlane | None = vars(self).get("control_plane")
        return plane.seen.get(deployment) if plane else None

    def names(self) -> list[str]:
        """The names of the deployments that are known without asking.

        They are the connection's own, those that answered, and those that were listed. Of the local service and OpenAI,
        which have a set of their own, all.
        """
        plane: ControlPlane | None = vars(self).get("control_plane")
        found = [*([self.deployment] if self.deployment else []), *self._replied, *(plane.seen if plane else ())]
        if self.kind == "local":
            from .local.account import DEFAULT_DEPLOYMENTS

            found += DEFAULT_DEPLOYMENTS
        elif self.kind == "openai":
            found += [model.name for model in catalog.models()]
        return list(dict.fromkeys(found))

    def estimated(self, body: dict[str, Any], known: Known | None) -> Estimate:
        """What sending a body would cost; `known` is the model of its deployment."""
        return estimate(body, known, **self.circumstances(body["model"]))

    def circumstances(self, deployment: str) -> dict[str, Any]:
        """What an estimate needs to know of a deployment, beside its model."""
        listed = self.listed(deployment)
        return {
            "sku": listed["sku"] if listed else "GlobalStandard",
            "region": self.control_plane.region if listed else None,
            "where": self._where(listed),
            "local": self.kind == "local",
            "headroom": self.headroom(deployment),
        }

    def _where(self, listed: Mapping[str, Any] | None) -> str:
        """What a price is that of, in words."""
        match self.kind:
            case "local":
                return "on Azure; nothing here"
            case "azure" if listed:
                region = self.control_plane.region
                return f"{listed['sku']}{f' in {region}' if region else ''}"
            case "azure":
                return "assumed GlobalStandard: %aoai deployments knows"
        return "OpenAI's" if self.kind == "openai" else "if it is OpenAI's"

    def headroom(self, deployment: str) -> Headroom | None:
        """What a deployment may take in the running minute, as its last answer said."""
        return self._headroom.get(deployment)

    def learn(self, deployment: str, headers: Mapping[str, str], model: str | None = None) -> None:
        """Keep what an answer said of its deployment: what is left in this minute, and which model it is."""
        if headroom := Headroom.of(headers):
            self._headroom[deployment] = headroom
        if model is not None:
            self._replied[deployment] = model

    def for_chat(self) -> str:
        """The deployment that is asked where none is named. Raises SettingsError where there is none."""
        if self.deployment is None:
            raise SettingsError(
                f"No deployment is named for {self.target.endpoint}.",
                "On Azure a model is called by the name that its deployment was given.",
                "%%chat NAME, or once for all cells: %aoai connect … -d NAME",
            )
        return self.deployment

    def default(self, operation: str, example: str) -> str:
        """The deployment for an operation other than chat where none is named. Most connections' own is for chat."""
        if (own := self.deployment) and (known := self.known(own)) and operation in known.model.operations:
            return own
        if self.kind == "local":
            return settings.LOCAL_DEPLOYMENTS[operation]
        raise SettingsError(
            f"No deployment for {operation} is named for {self.target.endpoint}.",
            f"{own!r}, the connection's, isn't known to offer them." if own else "On Azure its name is your own.",
            f"{example}; %aoai deployments lists yours",
        )

    def able(self, operation: str) -> list[str] | None:
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
        """Start the local service in the background, if that is where requests go.

        The first request loads the SDK and a vocabulary meanwhile. Both take equally long.
        """
        if self.kind == "local" and "client" not in vars(self):
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
        row[fact] = getattr(model, fact, None) or None
    return row
