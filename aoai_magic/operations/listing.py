"""What a connection's service has: deployments and models, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..current import connection

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

    Columns: name, version, operations, context_window and max_output_tokens (in tokens), stage and retires (a date). What
    a model costs and takes is the catalogue's: facts with their dates. Raises AoaiError as `chat` does.

    >>> import aoai_magic as aoai
    >>> aoai.connect("local")
    <Connection local, deployment gpt-4o>
    >>> models("gpt-4o-mini").columns.tolist()
    ['name', 'version', 'operations', 'context_window', 'max_output_tokens', 'stage', 'retires']
    """
    import pandas

    rows = [one for one in connection().models() if name.lower() in one["name"].lower()]
    return pandas.DataFrame(rows).convert_dtypes()
