"""Functions of the notebook, described for a model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic
import pytest

import aoai_magic as aoai
from aoai_magic.errors import OptionError
from aoai_magic.tools import definition


def weather(
    city: str, title: str = "", *, unit: Annotated[Literal["C", "F"], pydantic.Field(description="degrees")] = "C"
) -> str:
    """The weather
    of a city.

    More that no model needs.
    """
    raise AssertionError("described, never called")


def test_a_function_is_described_by_its_signature_and_docstring() -> None:
    function = definition(weather)["function"]
    assert function["name"] == "weather"
    assert function["description"] == "The weather of a city."
    assert function["parameters"]["required"] == ["city"]
    assert function["parameters"]["properties"]["unit"]["enum"] == ["C", "F"]
    assert function["parameters"]["properties"]["unit"]["description"] == "degrees"
    assert function["parameters"]["properties"]["title"] == {"type": "string", "default": ""}


def test_a_definition_of_ones_own_passes() -> None:
    own = {"type": "function", "function": {"name": "f", "parameters": {}}}
    assert definition(own) == own


def _any(*args: Any) -> None: ...
def _kernel(shell: pytest.Session) -> None: ...


@pytest.mark.parametrize("tool", [7, "weather", _kernel])
def test_what_cannot_be_described_is_refused(tool: Any) -> None:
    with pytest.raises(OptionError):
        definition(tool)


def test_a_model_asks_for_the_function_that_it_was_given() -> None:
    reply = aoai.chat("call weather for Oslo", tools=[definition(weather)], tool_choice="required")
    assert reply.finish_reason == "tool_calls"
    assert reply.raw.choices[0].message.tool_calls[0].function.name == "weather"  # type: ignore[index, union-attr]


def test_the_magic_takes_functions_by_name(run: Any, shell: Any) -> None:
    run('def shop(item: str) -> str: "Buy."\ndef bank(sum: float) -> str: "Pay."')
    run("%%chat --tools shop,bank --dry-run -o x\nPay.")
    assert any(part.name == "2 tools" for part in shell.user_ns["x"].parts)
    with pytest.raises(OptionError, match="nonsense"):
        run("%%chat --tools shop,nonsense\nPay.")
