"""Looking back at the ledger: what was spent on what, as tables, a plot and CSV, and how good the estimates were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import ledger
from .catalog import dollars
from .errors import SettingsError
from .saving import whole
from .visible import visible

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

By = Literal["day", "notebook", "model", "session"]

_TEXT = ("notebook", "session", "connection", "deployment", "model", "operation", "outcome")
_COLUMNS = (
    *(
        "when",
        "notebook",
        "session",
        "connection",
        "deployment",
        "model",
        "operation",
        "outcome",
        "recorded",
        "seconds",
    ),
    *("estimated_tokens", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "image_tokens"),
    *("cheapest", "dearest", "price", "unknown_up_to", "azure_price"),
)
# What a spreadsheet takes for the beginning of a formula, in the full width of Chinese and Japanese fonts too
# (owasp.org, "CSV Injection").
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def usage() -> pandas.DataFrame:
    """What was sent, a row a request, the oldest first; of all kernels on this machine.

    `when` is local time; `session` tells kernels apart, and `aoai_magic.ledger.SESSION` is this one; `price` is in US
    dollars, missing where it isn't known: then `unknown_up_to` is the most that it can have been. A request that was
    never settled (its kernel was killed) has no `outcome`. `azure_price` is what the same costs on Azure, `cheapest`
    and `dearest` what was foreseen; cached tokens are among those of the prompt, reasoning tokens among those of the
    completion. Raises LedgerError where the ledger can't be read.

    >>> usage().columns[:4].tolist()
    ['when', 'notebook', 'session', 'connection']
    """
    import pandas

    made = {"when", "unknown_up_to"}
    frame = pandas.DataFrame(ledger.rows(), columns=["at", *(name for name in _COLUMNS if name not in made)])
    frame["when"] = (
        pandas.to_datetime(frame["at"].astype(float), unit="s", utc=True).dt.floor("ms").dt.tz_convert("tzlocal()")
    )
    frame["recorded"] = frame["recorded"].astype(bool)
    for name in ("seconds", "cheapest", "dearest", "price", "azure_price"):
        frame[name] = frame[name].astype(float)
    frame["unknown_up_to"] = frame["dearest"].where(frame["price"].isna())
    for name in frame.columns[frame.columns.str.endswith("_tokens")]:
        frame[name] = frame[name].astype("Int64")
    for name in _TEXT:
        frame[name] = frame[name].map(visible, na_action="ignore")
    return frame[list(_COLUMNS)]


def totals(frame: pandas.DataFrame, by: By) -> pandas.DataFrame:
    """What `usage` returned added up by day, notebook, model or session (a kernel's life), with the total below.

    `practice` is what requests to the local service, which bills nothing, would have cost on Azure.
    """
    import pandas

    if by == "day":
        group = frame["when"].dt.strftime("%Y-%m-%d")
    else:
        group = frame[by].fillna(frame["deployment"]).replace(ledger.SESSION, f"{ledger.SESSION} (this one)")
    frame = frame.assign(practice=frame["azure_price"].where(frame["connection"] == "local"))
    sums = ["prompt_tokens", "completion_tokens", "price", "unknown_up_to", "practice"]
    table = frame[sums].groupby(group.rename(by)).sum()
    table.insert(0, "requests", frame.groupby(group).size())
    total = pandas.DataFrame(table.sum()).T.astype(table.dtypes).set_axis(["total"])
    return pandas.concat([table, total]).rename_axis(by)


def accuracy(frame: pandas.DataFrame) -> str:
    """How far off the estimates were, in a sentence; "" where nothing was foreseen and billed yet."""
    sent = frame[~frame["recorded"] & frame["estimated_tokens"].gt(0) & frame["prompt_tokens"].notna()]
    if sent.empty:
        return ""
    off = (sent["estimated_tokens"] / sent["prompt_tokens"].clip(lower=1) - 1).abs()
    bill = sent["azure_price"].where(sent["connection"] == "local", sent["price"])
    known = bill.notna() & sent["dearest"].notna()
    inside = (bill <= sent["dearest"] + 1e-9) & (bill >= sent["cheapest"] - 1e-9)
    return (
        f"Estimates of {len(sent):,} request{'s' * (len(sent) > 1)}: prompt tokens off by {off.mean():.1%} on average, {off.max():.1%} at most; "
        f"{int(inside.sum()):,} of {int(known.sum()):,} prices within the range foreseen."
    )


def write_csv(frame: pandas.DataFrame, file: Path) -> None:
    """Write what `usage` returned as CSV. Text that a spreadsheet would run as a formula gets an apostrophe in front.

    A file that is there is replaced only if it is such a table itself; anything else raises SettingsError.
    """
    header = ",".join(frame.columns)
    try:
        if file.exists():
            with file.open(encoding="utf-8") as there:
                if there.readline().rstrip("\r\n") != header:
                    raise SettingsError(
                        f"{file} is there already, and is no table of what was spent.",
                        "It would be lost.",
                        "Name another file: %aoai usage --csv spending.csv",
                    )
        safe = frame.copy()
        for name in _TEXT:
            safe[name] = safe[name].map(lambda text: f"'{text}" if text.startswith(_FORMULA) else text, "ignore")
        with whole(file) as out:
            safe.to_csv(out, index=False, date_format="%Y-%m-%dT%H:%M:%S%z", mode="wb", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(f"{file} can't be written: {why}.", "", "%aoai usage --csv spending.csv") from error


def plot(table: pandas.DataFrame) -> Figure:
    """Draw what `totals` returned, as bars in US dollars: what is known, what it may be at most, and practice below.

    At most 40 bars: the last days, or the dearest notebooks and models. What cost nothing has none.
    """
    from matplotlib import pyplot

    table = table.drop("total")
    some = table[["price", "unknown_up_to", "practice"]]
    table = table[some.any(axis=1)] if some.any(axis=None) else table
    table = table.tail(40) if table.index.name == "day" else table.nlargest(40, ["price", "unknown_up_to", "practice"])
    figure, axes = pyplot.subplots(figsize=(7, 1.4 + 0.4 * len(table)), layout="constrained")
    pyplot.close(figure)  # it is returned, and shown as any value is, in notebooks and elsewhere
    blue, rows = "#0f6cbd", range(len(table))
    unknown, practice = table["unknown_up_to"], table["practice"]
    if table["price"].any() or not (unknown.any() or practice.any()):
        axes.barh(rows, table["price"], 0.5, color=blue, label="billed")
    if unknown.any():
        label = "not known, at most"
        axes.barh(rows, unknown, 0.5, table["price"], color="none", edgecolor=blue, hatch="///", label=label)
    if practice.any():
        below, thick = (0.35, 0.2) if axes.containers else (0.0, 0.5)
        places = [row + below for row in rows]
        axes.barh(places, practice, thick, color="#8a8886", label="practice: on Azure it would be")
    names = [name if len(name) < 40 else f"…{name[-38:]}" for name in table.index]
    axes.set_yticks(rows, names, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("US dollars")
    axes.xaxis.set_major_formatter(lambda amount, _: dollars(amount).replace("$", r"\$"))
    axes.locator_params(axis="x", nbins=6)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper right", ncols=3, frameon=False)
    return figure
