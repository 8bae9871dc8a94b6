"""`aoai-magic`: the lessons in JupyterLab, the local service for other programs, and help when nothing answers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__
from .errors import AoaiError, SettingsError

_COPY = Path("aoai-notebooks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    It is 0 when done, 1 for an error, told on stderr, and 2 for a command line that isn't understood.
    """
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except AoaiError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aoai-magic", description="Azure OpenAI in notebook cells.", formatter_class=_wide
    )
    parser.add_argument("-V", "--version", action="version", version=__version__, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, told: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(
            name, help=told, description=f"{told[0].upper()}{told[1:]}.", formatter_class=_wide
        )
        made.set_defaults(run=run)
        return made

    lab = command("lab", "open the guided notebooks in JupyterLab", _lab)
    lab.add_argument("folder", type=Path, nargs="?", default=_COPY, help=f"your copy of them (./{_COPY})")
    lab.add_argument("--no-browser", action="store_true", help="only print the link")
    lab.add_argument("--port", type=_port, default=0, help="JupyterLab's port (any that is free)")

    copy = command("notebooks", "copy the guided notebooks to a folder of yours", _notebooks)
    copy.add_argument("folder", type=Path, nargs="?", default=_COPY, help=f"where to (./{_COPY})")

    serve = command("serve", "run the local service for other programs, until Ctrl-C", _serve)
    serve.epilog = (
        "It prints AZURE_OPENAI_ENDPOINT= and AZURE_OPENAI_API_KEY= on stdout, and how to ask it on stderr. "
        "AOAI_LOCAL_MODEL names another model, a GGUF file."
    )
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (127.0.0.1)")
    serve.add_argument(
        "--let-other-machines-in", action="store_true", help="allow a --host that other machines can reach"
    )
    serve.add_argument("--port", type=_port, default=0, help="the port (any that is free)")
    serve.add_argument("--key", help="the API key (a random one)")
    serve.add_argument("--engine", choices=["llama", "echo"], help="a small model, or an echo of the prompt for tests")
    serve.add_argument("--threads", type=_count, help="threads of the model for each reply (half of the cores but one)")
    serve.add_argument(
        "--fault", type=_fault, action="append", default=[], metavar="WORDS",
        help='what is to go wrong, such as "status=503 times=2"; may be repeated (python -m pydoc aoai_magic.local.faults)',
    )  # fmt: skip

    command("stop", "end the local service that is kept for notebooks", _stop)

    reproduce = command(
        "reproduce",
        "run notebooks from their recordings, with nothing sent, and say which cells came out the same",
        _reproduce,
    )
    reproduce.add_argument("notebook", type=Path, nargs="+", help="a notebook, or a folder of them")
    reproduce.add_argument("--timeout", type=float, default=600, metavar="SECONDS", help="for a cell (600)")

    command("doctor", "check whether a prompt would be answered, and what is missing", _doctor)
    return parser


def _wide(prog: str) -> argparse.HelpFormatter:
    """Help in two columns, of which the first has room for the longest name."""
    return argparse.HelpFormatter(prog, max_help_position=28)


def _lab(options: argparse.Namespace) -> int:
    from . import lab

    return lab.run(options.folder, port=options.port, browser=not options.no_browser)


def _notebooks(options: argparse.Namespace) -> int:
    from . import lab

    print(lab.copy_notebooks(options.folder))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from . import settings
    from .local import launch, server
    from .local.waiting import told
    from .render import LiveReply

    _check_host(options)
    wanted = settings.local()
    wanted = replace(wanted, engine=options.engine or wanted.engine)
    launch.check_installed(wanted)
    with LiveReply(None) as live, told(live.note):
        model = launch.model_file(wanted)

    def ready(port: int, key: str) -> None:
        host = f"[{options.host}]" if ":" in options.host else options.host
        endpoint = f"http://{host}:{port}"
        print(f"AZURE_OPENAI_ENDPOINT={endpoint}\nAZURE_OPENAI_API_KEY={key}", flush=True)
        reach = "for every machine that reaches it" if options.let_other_machines_in else "on this machine only"
        print(f"The local service is running: Azure OpenAI's API, {reach}. Ctrl-C ends it.", file=sys.stderr)
        print(_how_to_ask(endpoint, key, model.stem if model else wanted.engine), file=sys.stderr, flush=True)

    try:
        server.run(
            lambda: server.load(wanted.engine, model, wanted.home, options.threads),
            host=options.host,
            port=options.port,
            key=options.key,
            faults=options.fault,
            ready=ready,
        )
    except OSError as error:
        raise AoaiError(
            f"Port {options.port} of {options.host} can't be used: {error.strerror}.",
            "Another program has it, perhaps, or the address is another machine's.",
            "Leave --port out, or name another.",
        ) from error
    return 0


def _how_to_ask(endpoint: str, key: str, who: str) -> str:
    from .local.account import DEFAULT_DEPLOYMENTS

    body = """'{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}'"""
    return f"""Deployments: {", ".join(DEFAULT_DEPLOYMENTS)}.
Whichever is asked, {who} answers, and says so in the header x-aoai-local-model.

  curl {endpoint}/openai/v1/chat/completions -H "api-key: {key}" \\
    -H "content-type: application/json" -d {body}

  openai.OpenAI(base_url="{endpoint}/openai/v1/", api_key="{key}")
  openai.AzureOpenAI(azure_endpoint="{endpoint}", api_key="{key}", api_version="2024-10-21")
"""


def _check_host(options: argparse.Namespace) -> None:
    """Refuse an address that other machines can reach, unless that was said in words."""
    from .local.guard import is_loopback

    if not is_loopback(options.host) and not options.let_other_machines_in:
        raise AoaiError(
            f"Other machines could reach the service on {options.host}.",
            "It is made for this machine: nothing is encrypted, and whoever learns the key may use it.",
            f"If you mean it: aoai-magic serve --host {options.host} --let-other-machines-in",
        )


def _stop(options: argparse.Namespace) -> int:
    from . import settings
    from .local import launch

    services = launch.running(settings.home())
    for service in services:
        launch.stop(service)
    print("The local service is stopped." if services else "No local service was running.")
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from .recordings.keeping import remember_hits
    from .reproducing import reproduce

    same = True
    for given in options.notebook:
        notebooks = sorted(given.glob("*.ipynb")) if given.is_dir() else [given]
        if not notebooks:
            print(f"There is no notebook in {given}.", file=sys.stderr)
            same = False
        for notebook in notebooks:
            try:
                report = reproduce(notebook, timeout=options.timeout)
            except SettingsError as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr)
                same = False
                continue
            remember_hits(notebook, report.hits, whole=bool(report))
            print(report.summary if report else report)
            same = same and bool(report)
    return 0 if same else 1


def _doctor(options: argparse.Namespace) -> int:
    from . import doctor

    return doctor.run()


def _fault(words: str) -> str:
    from .local.faults import parse

    try:
        parse(words)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return words


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number from 0 to 65535")
    return int(word)


def _count(word: str) -> int:
    if not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number from 1 on")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
