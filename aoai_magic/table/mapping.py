"""`aoai.map`: a table in, the table with its answers out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..client import Connection
from ..ledger import Allowance
from ..recordings import Mode
from ..render import progress, show_frames_safely
from ..request import Message
from .estimate import TableEstimate
from .job import planned
from .partitions import is_dask, map_partitions


def map(  # noqa: A001  # what it does, for a table
    prompt: str | Sequence[Message],
    table: Any,
    *,
    output: str = "answer",
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
    concurrency: int | None = None,
    unique: bool = True,
    limit: int | None = None,
    resume: bool | str | os.PathLike[str] | None = None,
    batch: bool = False,
    budget: float | Allowance | None = None,
    recordings: Mode | None = None,
    names: Mapping[str, Any] | None = None,
    on_progress: Callable[[str, float | None], None] | None = None,
    connection: Connection | None = None,
    **params: Any,
) -> Any:
    """Send a prompt once for each row of a table, and return the table with the answers as columns.

    `table` is a DataFrame (pandas, polars or Dask), a list, a dict of columns or of rows, or an iterator; `limit` takes
    its first rows, and an iterator needs one. What comes back has its rows, in their order, and its index. In the
    prompt (text, or a list of messages) and in `system`, `{{ column }}` is the row's own value, `{{ row }}` the row,
    any other name one of `names`; an element of `attach` that names a column is the row's own file or picture. Answers
    go into the column `output`, or, with a `schema`, into a typed one for each of its fields. What went wrong with a
    row is in its column `error`, also that an answer was cut; what would go wrong with all of them is raised.

    Requests keep to the deployment's limits, `concurrency` at once at most. Where temperature is 0 or a seed is set,
    rows that are alike are one request, unless `unique` is false. `budget` is for all together, in US dollars. A run
    that was cut, by an interrupt, an error or a kill, leaves its answers in a file, which is named while it runs:
    `resume=True` finds it, a path names it, and what it holds isn't sent again. `on_progress` is told in words and as a
    fraction how far it is. With `batch` all goes through the Batch API, at half the price and within a day, and what
    comes back at once is a `Batch`, which collects the answers later. The rest is as in `chat`. Raises AoaiError and
    Interrupted, whose `reply` is the table so far.

    >>> import aoai_magic as aoai
    >>> aoai.map("Shout: {{ word }}", [{"word": "hey"}], deployment="gpt-4o")["answer"].tolist()  # doctest: +SKIP
    ['HEY!']
    """
    options = {
        "output": output,
        "deployment": deployment,
        "system": system,
        "temperature": temperature,
        "top_p": top_p,
        "max_tokens": max_tokens,
        "seed": seed,
        "stop": stop,
        "attach": attach,
        "detail": detail,
        "schema": schema,
        "unique": unique,
        "recordings": recordings,
        "names": names,
        "connection": connection,
        **params,
    }
    of_run: dict[str, Any] = {"concurrency": concurrency, "resume": resume, "budget": budget}
    if is_dask(table) and limit is None and not batch:
        with progress() as tell:
            return map_partitions(prompt, table, on_progress or tell, **of_run, **options)
    show_frames_safely()
    job = planned(prompt, table, limit=limit, **options)
    if batch:
        return job.send(budget)
    with progress() as tell:
        return job.run(on_progress or tell, **of_run).frame


def estimate_map(
    prompt: str | Sequence[Message],
    table: Any,
    *,
    resume: bool | str | os.PathLike[str] | None = None,
    batch: bool = False,
    **options: Any,
) -> TableEstimate:
    """Return what `map` with the same arguments would cost: the tokens of all rows, exact, price and time.

    Nothing is sent. Raises AoaiError for a table or prompt that can't be used.

    >>> estimate_map("Shout: {{ value }}", ["hey", "hey", "you"], deployment="gpt-4o", temperature=0).choices
    2
    """
    return planned(prompt, table, **options).estimate(resume, batch=batch)
