"""What a connection's service has, as tables: deployments, quota, models; and where a model is to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import catalog
from ..catalog.deployments import offers
from ..current import connection
from ..errors import SettingsError

if TYPE_CHECKING:
    import pandas


def deployments() -> pandas.DataFrame:
    """The deployments of the connection's resource, a row each: name, model, version, sku, capacity, tpm, rpm, state.

    Asked of the control plane, on Azure with a sign-in (see `Connection.control_plane`). `tpm` and `rpm` are tokens and
    requests a minute. Raises AoaiError as `ControlPlane.deployments` does.

    >>> import aoai_magic as aoai
    >>> aoai.connect("local")
    <Connection local, deployment gpt-4o>
    >>> deployments()[["name", "sku"]].head(1).to_dict("records")
    [{'name': 'gpt-4o', 'sku': 'GlobalStandard'}]
    """
    import pandas

    return pandas.DataFrame(connection().control_plane.deployments())


def models(name: str = "") -> pandas.DataFrame:
    """The models that the connection's service offers, a row each; those whose name contains `name`.

    Columns: name, version, operations, context_window and max_output_tokens (in tokens), stage and retires (a date).
    What a model costs and takes is the catalogue's: facts with their dates. Raises AoaiError as `chat` does.

    >>> import aoai_magic as aoai
    >>> aoai.connect("local")
    <Connection local, deployment gpt-4o>
    >>> models("gpt-4o-mini").columns.tolist()
    ['name', 'version', 'operations', 'context_window', 'max_output_tokens', 'stage', 'retires']
    """
    import pandas

    rows = [one for one in connection().models() if name.lower() in one["name"].lower()]
    return pandas.DataFrame(rows).convert_dtypes()


def quota(name: str = "") -> pandas.DataFrame:
    """How much of each quota is used, a row each: sku, model, used, limit, free; of models whose name contains `name`.

    For standard kinds of deployments a unit is 1,000 tokens a minute. Those that are used come first. Raises AoaiError
    as `deployments` does.

    >>> import aoai_magic as aoai
    >>> aoai.connect("local")
    <Connection local, deployment gpt-4o>
    >>> quota("gpt-4o").columns.tolist()
    ['sku', 'model', 'used', 'limit', 'free']
    """
    import pandas

    rows = [one for one in connection().control_plane.quotas() if name.lower() in one["model"].lower()]
    rows.sort(key=lambda one: (not one["used"], one["model"], one["sku"]))
    return pandas.DataFrame(rows, columns=["sku", "model", "used", "limit", "free"])


def regions(model: str) -> pandas.DataFrame:
    """Return where Azure offers a model: a row for each region, a column for each type of deployment.

    It is the catalogue's, offline. Raises SettingsError for a model that the catalogue doesn't know.

    >>> bool(regions("gpt-4.1").loc["swedencentral", "GlobalStandard"])
    True
    """
    import pandas

    known = catalog.model(model)
    found = offers(known.name, known.version) if known else {}
    if known is None or not any(one.regions for one in found.values()):
        raise SettingsError(
            f"Where {model!r} is offered isn't known.",
            "The catalogue has what the documents said on the day they were read.",
            "%aoai models lists the names; %aoai quota shows what your resource offers",
        )
    everywhere = sorted({region for one in found.values() for region in one.regions})
    columns = {sku: [region in one.regions for region in everywhere] for sku, one in found.items() if one.regions}
    return pandas.DataFrame(columns, index=pandas.Index(everywhere, name="region"))
