"""`%%chat --over TABLE`: a cell sent once for each row, its answers shown and kept as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AoaiError, Interrupted, OptionError
from .live import keep
from .options import BATCH, CODE, CONCURRENCY, FORMAT, LIMIT, NO_UNIQUE, REQUEST, RESUME
from .prompt import add_fields, names

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


_FILES = {".csv": "read_csv", ".tsv": "read_table", ".jsonl": "read_json", ".parquet": "read_parquet"}


def is_meant(options: dict[str, Any]) -> bool:
    """Whether the options are those of a cell over a table.

    Raises OptionError for one that needs a table, and has none.
    """
    if "over" in options:
        for option in (CODE, REQUEST):
            if option.key in options:
                raise OptionError(
                    f"{option.names[0]} is about one request, and --over makes many.",
                    "Nothing was sent.",
                    "--dry-run, which counts all of them; or fill in one row by hand",
                )
        return True
    for option in (LIMIT, CONCURRENCY, RESUME, NO_UNIQUE, BATCH):
        if option.key in options:
            raise OptionError(
                f"{option.names[0]} is about a table, and none is named.",
                "A cell alone is one request.",
                "%%chat --over TABLE",
            )
    return False


def run(shell: InteractiveShell, prompt: Any, options: dict[str, Any], given: set[str]) -> Any:
    """Send the cell for each row, show how far it is and how it begins, and put the table where it is looked for.

    `given` are the options of the line alone. With --dry-run nothing is sent, and the estimate is returned, for the shell
    to show. An error or interrupt leaves the table so far there, too.
    """
    from ..local.waiting import told
    from ..render import LiveReply
    from ..table.job import planned
    from ..table.mapping import map as ask
    from ..table.partitions import is_dask, map_partitions
    from ..templates import data

    if FORMAT.key in given:
        raise OptionError(
            "-f can't go with --over.",
            "The answers are columns of a table.",
            "--schema 'name, age int' makes several of them",
        )
    add_fields(options, ask)
    output, quiet = options.pop("output", None), options.pop("quiet", False)
    of_run = {name: options.pop(name) for name in ("concurrency", "resume", "budget") if name in options}
    dry, batch = options.pop("dry_run", False), options.pop("batch", False)
    for idle in ("no_stream", "format"):
        options.pop(idle, None)
    table = _table(shell, options.pop("over"))
    unique = not options.pop("no_unique", False)
    if is_dask(table) and "limit" not in options and not (dry or batch):
        with LiveReply(shell, quiet=quiet) as live, told(live.note):
            found = map_partitions(
                prompt, table, live.note, names=data(names(shell)), unique=unique, **of_run, **options
            )
            live.finish("", f"{table.npartitions:,} partitions are mapped; {output or '_'}.compute() gathers them")
            keep(shell, found, output)
        return None
    job = planned(prompt, table, names=data(names(shell)), unique=unique, **options)
    if dry:
        foreseen = job.estimate(of_run.get("resume"), batch=batch)
        if output is not None:
            shell.push({output: foreseen})
        return foreseen
    with LiveReply(shell, quiet=quiet) as live, told(live.note):
        if batch:
            sent = job.send(of_run.get("budget"))
            live.finish("", f"{sent!r} · {output or '_'}.wait().collect(), or tomorrow aoai.batch({sent.id!r})")
            keep(shell, sent, output)
            return None
        try:
            done = job.run(live.note, watched=live.watched, **of_run)
        except (AoaiError, Interrupted) as error:
            if error.reply is not None:
                keep(shell, error.reply, output)
            raise
        live.finish(done.preview, done.status)
        keep(shell, done.frame, output)
    return None


def _table(shell: InteractiveShell, word: str) -> Any:
    """The variable of that name, or the table in the file."""
    if word in shell.user_ns:
        return shell.user_ns[word]
    path = Path(word).expanduser()
    if not path.is_file():
        raise OptionError(
            f"--over can't be {word!r}: neither a variable nor a file has that name.",
            "A table is a DataFrame, a list, a dict or an iterator of the notebook, or a file.",
            "%%chat --over NAME",
        )
    import pandas

    reader = _FILES.get(path.suffix.lower())
    if reader is None:
        raise OptionError(
            f"{word} is no table.", f"It ends in none of {', '.join(_FILES)}.", "Read it first: table = pandas.read_…"
        )
    try:
        return getattr(pandas, reader)(path, **({"lines": True} if reader == "read_json" else {}))
    except (OSError, ValueError, ImportError) as error:
        raise OptionError(f"{word} can't be read as a table.", str(error), "table = pandas.read_…") from error
