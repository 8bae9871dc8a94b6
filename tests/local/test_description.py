"""The service's description of itself names every field that its routes take, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from aoai_magic.local import asking, batches, compaction, completions, embeddings, fine_tuning, images, responses
from aoai_magic.local.openapi import description

TAKEN: dict[str, frozenset[str]] = {
    "chat/completions": asking.PARAMETERS | asking.REASONING_PARAMETERS,
    "completions": completions.PARAMETERS,
    "embeddings": embeddings.PARAMETERS,
    "responses": responses.PARAMETERS,
    "responses/compact": compaction.PARAMETERS,
    "images/generations": images.Generations.parameters,
    # Beside each file stands its name, and `image` may have brackets: things of forms, and no fields.
    "images/edits": frozenset(one for one in images.Edits.parameters if "." not in one and "[" not in one),
    "batches": batches.PARAMETERS,
    "fine_tuning/jobs": fine_tuning.PARAMETERS,
}
DESCRIBED = description()["paths"]


def described(path: str) -> set[str]:
    """The fields of all the forms that a body may take."""
    [body] = DESCRIBED[path]["post"]["requestBody"]["content"].values()
    forms: list[dict[str, Any]] = body["schema"].get("anyOf", [body["schema"]])
    return {name for form in forms for name in form["properties"]}


@pytest.mark.parametrize("path", TAKEN)
def test_every_field_that_is_taken_is_described(path: str) -> None:
    assert described(f"/openai/v1/{path}") == TAKEN[path]


@pytest.mark.parametrize("path", [path for path in TAKEN if f"/openai/deployments/{{deployment}}/{path}" in DESCRIBED])
def test_the_classic_address_takes_the_same_but_the_model(path: str) -> None:
    assert described(f"/openai/deployments/{{deployment}}/{path}") == TAKEN[path] - {"model"}


@pytest.mark.parametrize("path", ["files"])
def test_forms_of_files_are_described(path: str) -> None:
    wanted = {"file", "purpose", "expires_after[anchor]", "expires_after[seconds]"}
    assert described(f"/openai/v1/{path}") == wanted
