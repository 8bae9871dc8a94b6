"""A table of any kind as rows: what each column holds there, and the DataFrame that its answers are added to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError, a_kind
from ..tokens.pictures import is_a

if TYPE_CHECKING:
    import pandas

#: The column of plain values, which have no name of their own.
VALUE = "value"


@dataclass(frozen=True)
class Table:
    """Rows as dictionaries, by column; and the frame, of pandas or polars, that they came from or became.

    What is missing in a row (None, NaN, NaT, NA) isn't in its dictionary.
    """

    frame: Any
    columns: list[str]
    rows: list[dict[str, Any]]

    @property
    def is_polars(self) -> bool:
        return is_a(self.frame, "polars", "DataFrame")

    def __len__(self) -> int:
        return len(self.rows)


def read(given: Any, limit: int | None = None) -> Table:
    """Read a table: a DataFrame or Series (pandas, polars), a dict of columns or of rows, a list or an iterator.

    Elements of a list that are no dictionaries are in the column "value"; the keys of a dict of rows become the index.
    `limit` takes the first rows alone. Raises SettingsError for what is no table, and for an iterator without a limit:
    it may never end.

    >>> read(["a", "b"]).rows
    [{'value': 'a'}, {'value': 'b'}]
    >>> read({"city": ["Oslo", "Rome"]}, limit=1).rows
    [{'city': 'Oslo'}]
    """
    refuse_count("limit", limit)
    if is_a(given, "dask.dataframe", "DataFrame"):
        if limit is None:
            raise SettingsError(
                "How many rows a Dask table has isn't known before it is computed.",
                "So it can neither be foreseen as a whole, nor sent as a batch.",
                "limit=1000 (--limit 1000) takes its first rows; aoai.map(prompt, table) works through all partitions.",
            )
        given = given.head(limit, npartitions=-1)
    if is_a(given, "polars", "LazyFrame"):
        given = (given if limit is None else given.head(limit)).collect()
    if is_a(given, "polars", "Series"):
        given = given.to_frame(given.name or VALUE)
    if is_a(given, "pandas", "Series"):
        given = given.to_frame(VALUE if given.name is None else given.name)
    if is_a(given, "polars", "DataFrame"):
        frame = given if limit is None else given.head(limit)
        return _checked(frame, frame.columns, [column.to_list() for column in frame.get_columns()])
    if is_a(given, "pandas", "DataFrame"):
        frame = given if limit is None else given.head(limit)
        return _checked(frame, list(frame.columns), [frame.iloc[:, at].tolist() for at in range(frame.shape[1])])
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise SettingsError(
            f"{a_kind(given)} is no table.",
            "A table is a DataFrame, a list, a dict or an iterator; the prompt is sent once for each of its rows.",
            'aoai.map("Classify: {{ review }}", table), %%chat --over table',
        )
    if isinstance(given, Mapping):
        return _of_mapping(given, limit)
    return _of_values(_taken(given, limit))


def _of_mapping(given: Mapping[Any, Any], limit: int | None) -> Table:
    import pandas

    columns = {name: list(values) for name, values in given.items() if _is_column(values)}
    if given and len(columns) == len(given):
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise SettingsError(
                "The columns of the table differ in length.",
                ", ".join(f"{name}: {len(values):,}" for name, values in columns.items()),
                "Each needs a value for every row.",
            )
        cut = {name: values[:limit] for name, values in columns.items()}
        frame = pandas.DataFrame({name: _series(values) for name, values in cut.items()})
        return _checked(frame, list(cut), list(cut.values()))
    return _of_values(list(given.values())[:limit], pandas.Index(list(given)[:limit]))


def _of_values(values: list[Any], index: pandas.Index[Any] | None = None) -> Table:
    import pandas

    if values and all(isinstance(one, Mapping) for one in values):
        names = list(dict.fromkeys(name for one in values for name in one))
        columns = {name: [one.get(name) for one in values] for name in names}
    else:
        columns = {VALUE: values}
    frame = pandas.DataFrame({name: _series(column) for name, column in columns.items()})
    if index is not None:
        frame.index = index
    return _checked(frame, list(columns), list(columns.values()))


def _series(values: list[Any]) -> pandas.Series[Any]:
    import pandas

    try:
        return pandas.Series(values)
    except (ValueError, TypeError, OverflowError):  # arrays, pictures: what pandas would take apart
        return pandas.Series(values, dtype=object)


def _is_column(values: Any) -> bool:
    return (isinstance(values, Sequence) and not isinstance(values, str | bytes)) or (
        is_a(values, "pandas", "Series") or is_a(values, "numpy", "ndarray") or is_a(values, "polars", "Series")
    )


def _taken(given: Iterable[Any], limit: int | None) -> list[Any]:
    if limit is None and not isinstance(given, Sized):
        raise SettingsError(
            f"{a_kind(given)} doesn't say how many rows it has.",
            "It may never end, so it needs a limit. Nothing was read of it, and nothing sent.",
            "aoai.map(…, limit=1000) (%%chat --over NAME --limit 1000), or list(…) if it ends",
        )
    return list(itertools.islice(given, limit))


def _checked(frame: Any, names: list[Any], columns: list[list[Any]]) -> Table:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(f"The table has two columns named {twice!r}.", "", "Rename one of them.")
    rows = [
        {name: value for name, value in zip(names, values, strict=True) if not is_missing(value)}
        for values in zip(*columns, strict=True)
    ]
    if not rows:
        raise SettingsError("The table has no rows.", "The prompt is sent once for each row.", "")
    return Table(frame, names, rows)


def refuse_count(name: str, count: object) -> None:
    """Raise SettingsError for what is no number of things: None or a whole one, 1 or more."""
    if count is not None and not (isinstance(count, Integral) and int(count) > 0):
        raise SettingsError(f"{name} can't be {count!r}.", "It is a whole number, 1 or more.", f"{name}=8, or none")


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT, NA."""
    # NaN and NaT are what differs from itself; of pandas' NA nothing can be said.
    return (
        value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")
    )
