"""What `import aoai_magic as aoai` offers: the current connection, and the things to ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from . import settings
from .client import Connection
from .embeddings import Embeddings
from .errors import AoaiError, Interrupted
from .estimates import Estimate
from .ledger import Allowance
from .reply import Billed, Reply
from .request import Message

if TYPE_CHECKING:
    import pandas

    from .image_reply import ImageReply
    from .images import ImageEstimate
    from .pictures import Picture

_connection: Connection | None = None
_last: Reply | ImageReply | None = None
_Answer = TypeVar("_Answer", Reply, "ImageReply")


def connect(
    endpoint: str | None = None,
    *,
    api_key: str | None = None,
    credential: object | None = None,
    api_version: str | None = None,
    deployment: str | None = None,
    scope: str | None = None,
    subscription: str | None = None,
    serves: str | None = None,
) -> Connection:
    """Say where requests go from here on, and return the connection. Nothing is sent.

    `endpoint` is "local", "openai", the address of an Azure OpenAI resource, or the base URL of an OpenAI-compatible
    service; None reads the environment anew. Azure is asked through its v1 API, unless an `api_version` selects the
    classic one. Without an `api_key` the environment's key for that very resource is used, else a sign-in with
    Entra ID: `credential` (an azure-identity credential, by default DefaultAzureCredential) for `scope`.
    `deployment` is used where a cell names none; `serves` is its model, where its
    name doesn't say; `subscription` (an id) saves the control plane the search for the
    resource. Raises SettingsError for what can't be an endpoint.

    >>> connect("https://contoso.openai.azure.com", deployment="chat")
    <Connection azure https://contoso.openai.azure.com, deployment chat>
    """
    global _connection
    _connection = Connection(
        settings.resolve(
            endpoint,
            api_key=api_key,
            credential=credential,
            api_version=api_version,
            deployment=deployment,
            scope=scope,
            subscription=subscription,
            serves=serves,
        )
    )
    return _connection


def connection() -> Connection:
    """Return the current connection: that of the last `connect`, else what the environment says, else the local service.

    >>> connect("local")
    <Connection local, deployment gpt-4o>
    >>> connection().kind
    'local'
    """
    return _connection or connect()


def chat(
    prompt: str | Sequence[Message],
    *,
    deployment: str | None = None,
    system: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    stop: str | Sequence[str] | None = None,
    attach: object = (),
    detail: str | None = None,
    schema: object = None,
    tools: Sequence[Any] = (),
    stream: bool = True,
    budget: float | Allowance | None = None,
    on_text: Callable[[str], None] | None = None,
    **params: Any,
) -> Reply:
    """Send a prompt, or a list of messages, to a chat deployment and return its reply.

    What is None is not sent, so the service's own default holds. `temperature` is 0 to 2, `top_p` 0 to 1; `max_tokens`
    limits the reply. `attach` is a picture or text file, or several (see `attachments.content`), looked at as `detail` says;
    `schema` the shape of the answer (see `schema.response_format`); `tools` functions that the model may ask to call. `budget` is the most that it may cost,
    in US dollars; several calls can share an `aoai.Allowance`. `on_text` is called with each bit of text as it arrives; `params` are sent as they are. The
    answer is read as a stream unless `stream` is false, so that a break loses nothing: an error's or interrupt's
    `reply` holds what had arrived. Raises AoaiError (see `errors`) and, for Ctrl-C, Interrupted.

    >>> chat("Say hello.", deployment="gpt-4o", temperature=0, max_tokens=20)  # doctest: +SKIP
    Hello! How can I help you today?
    """
    return _remembered(
        lambda: connection().chat(
            prompt,
            deployment=deployment,
            system=system,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            seed=seed,
            stop=stop,
            attach=attach,
            detail=detail,
            answer=schema,
            functions=tools,
            stream=stream,
            budget=budget,
            on_text=on_text,
            **params,
        )
    )


def complete(
    prompt: str,
    *,
    deployment: str | None = None,
    suffix: str | None = None,
    echo: bool | None = None,
    best_of: int | None = None,
    logprobs: int | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    stop: str | Sequence[str] | None = None,
    stream: bool = True,
    budget: float | Allowance | None = None,
    on_text: Callable[[str], None] | None = None,
    **params: Any,
) -> Reply:
    """Let a deployment of a completions model continue a text as it stands, and return the reply.

    No roles, no system message: the model reads the text and writes on. Without `max_tokens` it stops after 16 tokens,
    the API's own default. `suffix` is what comes after the gap that it fills; with `echo` the reply begins with the
    prompt; of `best_of` continuations, all billed, the likeliest is answered; `logprobs` (0 to 5) asks for each token's
    probability and that many alternatives, which are in `reply.raw`. The rest, and what is raised, are as in `chat`.

    >>> complete("Once upon a time", max_tokens=20, stop=".")  # doctest: +SKIP
    , there was a little girl who lived in a village near the forest.
    """
    return _remembered(
        lambda: connection().complete(
            prompt,
            deployment=deployment,
            suffix=suffix,
            echo=echo,
            best_of=best_of,
            logprobs=logprobs,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            seed=seed,
            stop=stop,
            stream=stream,
            budget=budget,
            on_text=on_text,
            **params,
        )
    )


def embed(
    texts: str | Iterable[str],
    dimensions: int | None = None,
    deployment: str | None = None,
    *,
    budget: float | Allowance | None = None,
    **params: Any,
) -> Embeddings:
    """Return the vectors of texts (a list, a pandas Series, or one text), in their order.

    Texts are sent in as few requests as their limits allow: 2,048 texts and 300,000 tokens each. `dimensions` shortens the vectors, where the
    model can. On the local service the deployment is text-embedding-3-small where none is named; elsewhere that of the
    connection if its model embeds, else it has to be named. `budget` is for all requests together; it refuses all or none.
    Raises AoaiError: a missing, empty or too long text before anything is sent; an error or interrupt on the way has the vectors
    so far as its `reply`.

    >>> embed(["a cat", "a dog"], dimensions=256).vectors.shape
    (2, 256)
    """
    from .local.waiting import told
    from .render import progress

    with progress() as tell, told(tell):
        return connection().embed(
            texts, dimensions=dimensions, deployment=deployment, budget=budget, on_progress=tell, **params
        )


def image(
    prompt: str,
    *,
    deployment: str | None = None,
    size: str | None = None,
    quality: str | None = None,
    n: int = 1,
    background: str | None = None,
    format: str | None = None,  # noqa: A002  # the option's name
    edit: object = None,
    mask: object = None,
    fidelity: str | None = None,
    partial_images: int = 0,
    budget: float | Allowance | None = None,
    on_picture: Callable[[list[Picture]], None] | None = None,
    **params: Any,
) -> ImageReply:
    """Let a deployment of an image model draw what the prompt says, and return the reply with its pictures.

    What is None is not sent, so the service's own default holds. `size` is such as "1024x1536" (pixels), `quality` low,
    medium or high, `background` transparent or opaque, `format` png or jpeg, `n` how many pictures; "auto" leaves the choice to
    the service. `edit` is a picture to change, or several: files, bytes, PIL images, arrays, figures; `mask` one of the
    same size, transparent where it may change; `fidelity` (low, high) how closely the picture is kept to. `partial_images`
    (0 to 3) are unfinished pictures in between, billed too; `on_picture` is called with the pictures so far whenever there
    is more to see. `budget`, `params` and what is raised are as in `chat`; nothing is written to a file before `reply.save`.

    >>> image("A red fox in the snow.", size="1024x1024", quality="low").save("fox.png")  # doctest: +SKIP
    [PosixPath('fox.png')]
    """
    return _remembered(
        lambda: connection().image(
            prompt,
            deployment=deployment,
            size=size,
            quality=quality,
            n=n,
            background=background,
            format=format,
            edit=edit,
            mask=mask,
            fidelity=fidelity,
            partial_images=partial_images,
            budget=budget,
            on_picture=on_picture,
            **params,
        )
    )


def estimate_image(prompt: str, *, deployment: str | None = None, **options: Any) -> ImageEstimate:
    """Return what `image` with the same arguments would cost. Nothing is sent; see `ImageEstimate`.

    Raises AoaiError for what can't be edited, and for a size or quality that the model doesn't have.

    >>> estimate_image("A red fox.", deployment="gpt-image-1", size="1024x1024", quality="high", n=2).dearest > 0.33
    True
    """
    return connection().estimate_image(prompt, deployment=deployment, **options)


def estimate(
    prompt: str | Sequence[Message],
    *,
    deployment: str | None = None,
    system: str | None = None,
    max_tokens: int | None = None,
    attach: object = (),
    detail: str | None = None,
    schema: object = None,
    tools: Sequence[Any] = (),
    **params: Any,
) -> Estimate:
    """Return what `chat` with the same arguments would cost, and whether it fits. Nothing is sent; see `Estimate`.

    Tokens are exact where the vendor documents how they are counted, and marked as estimates elsewhere. Raises AoaiError for
    what can't be attached or described.

    >>> print(estimate("Say hello.", deployment="gpt-4o", max_tokens=20).prompt_tokens)
    10
    """
    return connection().estimate(
        prompt,
        deployment=deployment,
        system=system,
        max_tokens=max_tokens,
        attach=attach,
        detail=detail,
        answer=schema,
        functions=tools,
        **params,
    )


def deployments() -> pandas.DataFrame:
    """The deployments of the connection's resource, a row each: name, model, version, sku, capacity, tpm, rpm, state.

    Asked of the control plane, on Azure with a sign-in (see `Connection.control_plane`). `tpm` and `rpm` are tokens and
    requests a minute. Raises AoaiError as `ControlPlane.deployments` does.

    >>> connect("local")
    <Connection local, deployment gpt-4o>
    >>> deployments()[["name", "sku"]].head(1).to_dict("records")
    [{'name': 'gpt-4o', 'sku': 'GlobalStandard'}]
    """
    import pandas

    return pandas.DataFrame(connection().control_plane.deployments())


def models(name: str = "") -> pandas.DataFrame:
    """The models that the connection's service offers, a row each; those whose name contains `name`.

    Columns: name, version, operations, context_window and max_output_tokens (in tokens), stage and retires (a date). What
    a model costs and takes is the catalogue's: facts with their dates. Raises AoaiError as `chat` does.

    >>> connect("local")
    <Connection local, deployment gpt-4o>
    >>> models("gpt-4o-mini").columns.tolist()
    ['name', 'version', 'operations', 'context_window', 'max_output_tokens', 'stage', 'retires']
    """
    import pandas

    rows = [one for one in connection().models() if name.lower() in one["name"].lower()]
    return pandas.DataFrame(rows).convert_dtypes()


def usage() -> pandas.DataFrame:
    """What was spent, a row a request, of all kernels on this machine; see `spending.usage`.

    >>> "price" in usage().columns
    True
    """
    from . import spending

    return spending.usage()


def last() -> Reply | ImageReply | None:
    """The last reply, also one that was interrupted or broke off; None before the first."""
    return _last


def _remembered(ask: Callable[[], _Answer]) -> _Answer:
    """The reply of `ask`, kept as the last one; also what had arrived of one that broke off."""
    global _last
    try:
        _last = reply = ask()
    except (AoaiError, Interrupted) as error:
        _last = error.reply if isinstance(error.reply, Billed) else _last
        raise
    return reply
