"""Where requests go, by what the user typed, the environment and the project.

The first that speaks wins: `connect`, AZURE_OPENAI_ENDPOINT, OPENAI_BASE_URL, pyproject.toml, the local service. A URL
selects a connection, a key alone never does; and a key goes only to the service that it was set for.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args
from urllib.parse import parse_qs, urlsplit

from .environment import environment, started_with
from .errors import SettingsError
from .project import TABLE, Project, project
from .secret import HIDDEN, Secret

if TYPE_CHECKING:
    from .local.launch import LocalSettings

Kind = Literal["local", "azure", "openai", "compatible"]
RecordingsMode = Literal["off", "auto", "replay", "refresh"]

#: Entra ID scope of the data plane (learn.microsoft.com, "Azure OpenAI troubleshooting", 2026). The older
#: https://cognitiveservices.azure.com/.default still works: `connect(scope=...)`.
DEFAULT_SCOPE = "https://ai.azure.com/.default"
#: Hosts whose address is this machine's own.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
OPENAI_URL = "https://api.openai.com/v1"
#: The deployment a cell gets where none is named. Azure has no such default: there, names are the user's own.
LOCAL_DEPLOYMENT = "gpt-4o"
#: The same for what a chat model can't do, by operation.
LOCAL_DEPLOYMENTS = {
    "completions": "gpt-35-turbo-instruct",
    "embeddings": "text-embedding-3-small",
    "images": "gpt-image-1",
    "speech": "gpt-4o-mini-tts",
    "transcriptions": "gpt-4o-transcribe",
    "translations": "whisper",
}

# Azure's own hosts, in every cloud: only these get a sign-in or the environment's Azure key without being named in it.
_AZURE_HOST = re.compile(
    r"[a-z0-9-]+\.(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(com|us|cn)", re.IGNORECASE
)
#: The deployment that `%config AoaiMagics.deployment` names.
preferred: str | None = None

_AZURE_PATH = re.compile(r"/openai(?:/v1|/deployments/(?P<deployment>[^/]+))?(?:/|$)")


@dataclass(frozen=True)
class Target:
    """Where requests go and how they prove who they are, before anything is built or sent.

    `endpoint` is the resource's address without a path for Azure, the base URL for OpenAI and compatible services,
    None for the local service. `api_version` selects Azure's classic, dated routes. At most one of `api_key`,
    `ad_token` and `credential` is set; none means DefaultAzureCredential on Azure, and elsewhere that no key is
    sent. `source`, `key_source` and `deployment_source` say in words where address, key and deployment came from.
    """

    kind: Kind
    endpoint: str | None = None
    api_version: str | None = None
    deployment: str | None = None
    api_key: Secret | None = field(default=None, repr=False)
    ad_token: Secret | None = field(default=None, repr=False)
    credential: object | None = field(default=None, repr=False)
    scope: str = DEFAULT_SCOPE
    subscription: str | None = None
    serves: str | None = None
    source: str = ""
    key_source: str = ""
    deployment_source: str = ""

    @property
    def is_projects(self) -> bool:
        """Whether a project's file names the address."""
        return self.source.startswith(TABLE)

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent to the address stays on this machine."""
        return urlsplit(self.endpoint or "").hostname in LOOPBACK

    @property
    def is_azures_own(self) -> bool:
        """Whether the host is Azure's by its name, or the environment says so: then a sign-in may be sent to it."""
        named = origin(self.endpoint) == origin(environment("AZURE_OPENAI_ENDPOINT"))
        return named or bool(_AZURE_HOST.fullmatch(urlsplit(self.endpoint or "").hostname or ""))


def home() -> Path:
    """The folder of what is kept between kernels (weights, the service's address): AOAI_HOME, or the platform's."""
    if chosen := environment("AOAI_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_state_path("aoai-magic", appauthor=False)


def notebook() -> str:
    """The notebook that this kernel belongs to, by its path; outside of one, the working folder.

    Jupyter's server tells a kernel by JPY_SESSION_NAME, VS Code by a variable. nbclient and terminals tell nothing.
    """
    if name := environment("JPY_SESSION_NAME"):
        return name
    if ipython := sys.modules.get("IPython"):
        shell = ipython.get_ipython()
        if shell is not None and (file := shell.user_ns.get("__vsc_ipynb_file__")):
            return str(file)
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "a folder that is gone"


def local() -> LocalSettings:
    """What the local service runs on: AOAI_LOCAL_ENGINE (llama or echo) and AOAI_LOCAL_MODEL (a GGUF file)."""
    from .local.launch import LocalSettings  # with HTTP, processes and locks: %load_ext does without

    engine = environment("AOAI_LOCAL_ENGINE") or "llama"
    if engine not in ("llama", "echo"):
        raise SettingsError(
            f"AOAI_LOCAL_ENGINE is {engine!r}.",
            "The local service has two engines.",
            "Set it to llama or echo, or unset it.",
        )
    model = environment("AOAI_LOCAL_MODEL")
    return LocalSettings(home=home(), engine=engine, model=Path(model).expanduser() if model else None)


def recordings() -> RecordingsMode | None:
    """What AOAI_RECORDINGS says of recordings; None where it says nothing. Raises SettingsError for another word.

    A process that was begun with replay or off keeps to it, whatever is put into its environment later.
    """
    said = started_with("AOAI_RECORDINGS")
    if said not in ("replay", "off"):
        said = environment("AOAI_RECORDINGS")
    if said is None or said in get_args(RecordingsMode):
        return cast("RecordingsMode | None", said)
    raise SettingsError(
        f"AOAI_RECORDINGS is {_shown(said)!r}.",
        "",
        f"Set it to one of {', '.join(get_args(RecordingsMode))}, or unset it.",
    )


def resolve(
    endpoint: str | None = None,
    *,
    api_key: str | None = None,
    key_env: str | None = None,
    credential: object | None = None,
    api_version: str | None = None,
    deployment: str | None = None,
    scope: str | None = None,
    subscription: str | None = None,
    serves: str | None = None,
) -> Target:
    """Say where requests go: to `endpoint`, else where the environment points, else to the local service.

    `endpoint` is "local", "openai", an Azure OpenAI address (bare, with /openai/v1, or the Target URI that the
    portal shows, whose deployment and api-version are then used), or the base URL of an OpenAI-compatible service.
    `key_env` names the variable that holds the key. Raises SettingsError for anything else.

    >>> resolve("https://contoso.openai.azure.com", deployment="chat").kind
    'azure'
    """
    given = {"an api_key": api_key, "a key_env": key_env, "a credential": credential}
    if len(proofs := [name for name, value in given.items() if value]) > 1:
        raise SettingsError(
            f"{' and '.join(proofs).capitalize()} were given.", "A connection proves itself one way.", "Drop one."
        )
    if key_env is not None and (api_key := environment(key_env)) is None:
        raise SettingsError(
            f"The environment has no {key_env}.",
            "The key is read from there, so that it never stands in a notebook.",
            f"Set it before Jupyter starts, or now: import os, getpass; os.environ[{key_env!r}] = getpass.getpass()",
        )
    target = _target(endpoint, azure=bool(api_version))
    if target.kind == "local" and proofs:
        raise SettingsError(
            f"{proofs[0].capitalize()} was given for the local service.",
            "It has a key of its own, which is found.",
            "Leave it out.",
        )
    if target.kind == "azure":
        own = _project_of(target)
        dated = own.text("api_version") if own else None
        version = api_version or target.api_version or environment("OPENAI_API_VERSION") or dated
        target = replace(target, api_version=_dated(version))
    elif api_version:
        raise SettingsError(
            f"An api-version ({api_version}) was given for {endpoint}.",
            "Only Azure OpenAI's classic routes take one.",
            "Leave --api-version out.",
        )
    ad_token, key_source = None, key_env or ("api_key" if api_key else "credential" if credential else "")
    if not key_source and (key_source := _key_variable(target)):
        if key_source == "AZURE_OPENAI_AD_TOKEN":
            ad_token = environment(key_source)
        else:
            api_key = environment(key_source)
    target = replace(
        target,
        api_key=Secret(api_key, key_source) if api_key else None,
        ad_token=Secret(ad_token, key_source) if ad_token else None,
        credential=credential,
        scope=scope or DEFAULT_SCOPE,
        serves=serves,
        subscription=subscription or environment("AZURE_SUBSCRIPTION_ID"),
        key_source=key_source,
    )
    if named := deployment or target.deployment:
        return replace(target, deployment=named, deployment_source="connect" if deployment else target.source)
    return with_default_deployment(target)


def with_default_deployment(target: Target) -> Target:
    """Return the target with the deployment that is asked where neither a cell nor `connect` names one.

    That is `preferred`, else AOAI_DEPLOYMENT, else the project's, else, on the local service, gpt-4o.
    """
    own = _project_of(target)
    found = [
        (preferred, "%config AoaiMagics.deployment"),
        (environment("AOAI_DEPLOYMENT"), "AOAI_DEPLOYMENT"),
        (own and own.text("deployment"), own.source if own else ""),
        (LOCAL_DEPLOYMENT if target.kind == "local" else None, ""),
    ]
    name, source = next(((name, source) for name, source in found if name), (None, ""))
    return replace(target, deployment=name, deployment_source=source)


def _target(endpoint: str | None, *, azure: bool) -> Target:
    """What an endpoint is, or the one that the environment or the project names, or the local service."""
    if endpoint:
        return replace(parse_endpoint(endpoint, azure=azure), source="connect")
    found = [(name, environment(name), azure) for name in ("AZURE_OPENAI_ENDPOINT", "OPENAI_BASE_URL")]
    if own := project():
        found.append((own.source, own.text("endpoint"), azure or "api_version" in own.table))
    for source, text, is_azures in found:
        if text:
            try:
                return replace(parse_endpoint(text, azure=is_azures), source=source)
            except SettingsError as error:
                raise SettingsError(f"{error.what[:-1]}, which {source} names.", error.why, error.fix) from None
    return Target("local", source="nothing is configured")


def _project_of(target: Target) -> Project | None:
    """The project, if what it says of a connection is said of this one: of any, where it names no endpoint."""
    own = project()
    endpoint = own.text("endpoint") if own else None
    if endpoint is None:
        return own
    try:
        return own if origin(parse_endpoint(endpoint).endpoint) == origin(target.endpoint) else None
    except SettingsError:  # told where it is what requests would go to
        return None


def parse_endpoint(text: str, *, azure: bool = False) -> Target:
    """Read an endpoint as people write and paste it; `azure` says that its host is Azure's whatever it looks like.

    A host counts as Azure's if it is one of Azure's domains, if the environment's AZURE_OPENAI_ENDPOINT names it, or
    if the path is /openai/…, as behind a gateway. Raises SettingsError for what is no http(s) URL, and for a URL with
    a user name or password in it, which would end up in the notebook.

    >>> parse_endpoint("https://a.openai.azure.com/openai/deployments/chat/chat/completions?api-version=2024-10-21")
    Target(kind='azure', endpoint='https://a.openai.azure.com', api_version='2024-10-21', deployment='chat', ...)
    """
    text = text.strip()
    if text == "local":
        return Target("local")
    if text == "openai":
        return Target("openai", OPENAI_URL)
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError as error:
        raise SettingsError(f"{_shown(text)!r} is not an address: {_shown(str(error))}.", "", _EXAMPLES) from None
    if url.scheme not in ("http", "https") or not host:
        bare = re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9.-]+)?", text, re.IGNORECASE)
        bare = bare if _shown(text) == text else None
        guess = text if "." in text else f"{text}.openai.azure.com"
        raise SettingsError(
            f"{_shown(text)!r} is not an address.",
            "An endpoint starts with https://, or is one of the words local and openai.",
            f"%aoai connect https://{guess}" if bare else _EXAMPLES,
        )
    if url.username or url.password:
        raise SettingsError(
            f"The address of {host} holds a user name or password.",
            "It would be saved in the notebook.",
            "Put the key in an environment variable, and name it: %aoai connect URL --key-env NAME",
        )
    own = f"{url.scheme}://{host}" + (f":{port}" if port else "")
    if host == "api.openai.com":
        return Target("openai", OPENAI_URL)
    path = _AZURE_PATH.match(url.path)
    if azure or path or _AZURE_HOST.fullmatch(host) or own == origin(environment("AZURE_OPENAI_ENDPOINT")):
        versions = parse_qs(url.query).get("api-version", [])
        return Target("azure", own, next(iter(versions), None), path["deployment"] if path else None)
    base = re.sub(r"/(chat/completions|completions|responses|embeddings|models)/?$", "", url.path).rstrip("/")
    return Target("compatible", own + (base or "/v1"))


def _shown(text: str) -> str:
    """An address that is none, as far as it may be repeated: a key in the wrong place, or in a query, may not."""
    return _LIKE_A_KEY.sub(HIDDEN, re.sub(r"[?#].*|(?<=//)[^/@]*@", HIDDEN, text, flags=re.DOTALL))


# Long, and not of words alone.
_LIKE_A_KEY = re.compile(r"(?=[A-Za-z_+=-]*[0-9])[A-Za-z0-9_+=-]{24,}")
_EXAMPLES = "%aoai connect https://NAME.openai.azure.com, or local, openai, or the base URL of a compatible service"


def custom_headers() -> list[str]:
    """Names of the headers that OPENAI_CUSTOM_HEADERS makes the SDK send (one "Name: value" a line)."""
    return [
        name.strip()
        for name, colon, _ in (line.partition(":") for line in (environment("OPENAI_CUSTOM_HEADERS") or "").split("\n"))
        if colon
    ]


def _dated(version: str | None) -> str | None:
    """A version of the classic API; None where v1 is meant. Raises SettingsError for what is none."""
    if version is None or version in ("v1", "preview", "latest"):
        return None
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", version):
        raise SettingsError(
            f"{_shown(version)!r} is no version of Azure's API.",
            "Those of the classic API are days; v1, which is asked where none is given, has none.",
            "--api-version 2024-10-21, or leave it out (api_version, OPENAI_API_VERSION)",
        )
    return version


def _key_variable(target: Target) -> str:
    """The name of the environment variable that holds the key of this very service, or ""."""
    azure_names = ("AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_API_KEY")  # the SDK's own order where both are set
    azure_origin, openai_origin = origin(environment("AZURE_OPENAI_ENDPOINT")), origin(environment("OPENAI_BASE_URL"))
    own = origin(target.endpoint)
    names: tuple[str, ...] = ()
    if own is not None and own == azure_origin:
        names = azure_names
    elif (own is not None and own == openai_origin) or (target.kind == "openai" and openai_origin is None):
        names = ("OPENAI_API_KEY",)
    elif target.kind == "azure" and azure_origin is None and target.is_azures_own:
        names = azure_names
    return next((name for name in names if environment(name)), "")


def origin(url: str | None) -> str | None:
    """Scheme, host and port of a URL, in lower case: what a key belongs to."""
    if url is None:
        return None
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc}".lower()
