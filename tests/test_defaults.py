"""Options that %config and pyproject.toml set for all cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic.errors import BudgetError, ComparisonError, OptionError, SettingsError
from aoai_magic.magics import AoaiMagics, Setting
from aoai_magic.magics import options as shared
from aoai_magic.magics.arguments import Option
from aoai_magic.magics.defaults import CONFIGURABLE, converted


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes the lines of a project's table, in whose folder the kernel runs."""
    monkeypatch.chdir(tmp_path)

    def write(*lines: str) -> None:
        (tmp_path / "pyproject.toml").write_text("\n".join(["[tool.aoai-magic]", *lines]), encoding="utf-8")

    return write


def asked(run: Any, line: str = "", magic: str = "%%chat") -> dict[str, Any]:
    run(f"{magic} -q {line}\nhi")
    assert aoai.last is not None
    return aoai.last.request


def test_each_setting_is_one_option() -> None:
    keys = [one.key for one in vars(shared).values() if isinstance(one, Option)]
    for name, trait in AoaiMagics.class_traits().items():
        assert not isinstance(trait, Setting) or keys.count(name) == 1, name


def test_the_line_goes_before_config_before_the_environment_before_the_project_before_what_is_built_in(
    run: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(run)["model"] == "gpt-4o"
    project("deployment = 'gpt-4.1'", "temperature = 0.3", "seed = 1")
    aoai.connect()
    assert {name: asked(run)[name] for name in ("model", "temperature", "seed")} == {
        "model": "gpt-4.1",
        "temperature": 0.3,
        "seed": 1,
    }
    monkeypatch.setenv("AOAI_DEPLOYMENT", "gpt-4.1-mini")
    aoai.connect()
    assert asked(run)["model"] == "gpt-4.1-mini"
    run("%config AoaiMagics.deployment = 'gpt-4o-mini'")
    run("%config AoaiMagics.temperature = 0.6")
    assert (asked(run)["model"], asked(run)["temperature"], asked(run)["seed"]) == ("gpt-4o-mini", 0.6, 1)
    assert asked(run, "gpt-4.1-nano")["model"] == "gpt-4.1-nano"
    assert asked(run, "-t 0")["temperature"] == 0
    run("%config AoaiMagics.deployment = None")
    run("%config AoaiMagics.temperature = None")
    assert (asked(run)["model"], asked(run)["temperature"]) == ("gpt-4.1-mini", 0.3)


def test_the_deployment_that_was_named_last_is_asked(run: Any) -> None:
    run("%aoai connect local -d gpt-4.1")
    run("%config AoaiMagics.deployment = 'gpt-4o-mini'")
    assert asked(run)["model"] == "gpt-4o-mini"
    run("%aoai connect local -d gpt-4.1")
    assert asked(run)["model"] == "gpt-4.1"
    run("%aoai connect local")
    assert asked(run)["model"] == "gpt-4o-mini"


def test_a_deployment_for_chat_is_not_asked_for_pictures_or_continuations(run: Any, project: Any) -> None:
    project("deployment = 'gpt-4o-mini'")
    run("%config AoaiMagics.deployment = 'gpt-4o-mini'")
    assert asked(run, magic="%%complete")["model"] == "gpt-35-turbo-instruct"
    assert asked(run, "--quality low", magic="%%image")["model"] == "gpt-image-1"


def test_every_option_that_can_be_set_reaches_the_cell(run: Any, project: Any) -> None:
    project(
        "system = 'Be brief.'", "temperature = 0.25", "max-tokens = 9", "budget = 1.5", "stop = ['a', 'b']", "seed = 3",
        "detail = 'low'", "no-stream = true",
    )  # fmt: skip
    run("from PIL import Image; picture = Image.new('L', (9, 9))")
    request = asked(run, "-a picture")
    assert request["messages"][0] == {"role": "system", "content": "Be brief."}
    assert request["messages"][1]["content"][1]["image_url"]["detail"] == "low"
    assert [request[name] for name in ("temperature", "max_tokens", "stop", "seed")] == [0.25, 9, ["a", "b"], 3]
    assert asked(run, "--stop c")["stop"] == ["c"]
    run("%config AoaiMagics.budget = 0")
    with pytest.raises(BudgetError):
        run("%%chat\nhi")


def test_what_the_model_is_known_to_refuse_is_left_out(run: Any, project: Any) -> None:
    project("temperature = 0", "effort = 'low'", "seed = 1")
    assert "temperature" not in asked(run, "gpt-5")
    assert asked(run, "gpt-5")["reasoning_effort"] == "low"
    assert asked(run, "gpt-4o")["temperature"] == 0
    assert "reasoning_effort" not in asked(run, "gpt-4o")
    run("%%chat -q --compare gpt-5,gpt-4o -o rows\nhi")
    with pytest.raises(OptionError, match="gpt-5 doesn't take temperature"):
        run("%%chat gpt-5 -t 0\nhi")


def test_a_limit_for_all_cells_holds_under_the_name_that_the_model_has_for_it(run: Any, project: Any) -> None:
    project("max_tokens = 30")
    assert asked(run)["max_tokens"] == 30
    assert asked(run, "gpt-5 --effort minimal")["max_completion_tokens"] == 30


def test_of_several_deployments_each_gets_what_it_takes(run: Any, shell: Any, project: Any) -> None:
    project("temperature = 0", "effort = 'low'", "verbosity = 'low'", "max_tokens = 200", "no_stream = true")
    first = asked(run, "--compare gpt-5,gpt-4o")
    assert (first["model"], first["temperature"], first["max_tokens"]) == ("gpt-4o", 0, 200)
    assert not {"reasoning_effort", "verbosity", "stream"} & {*first}
    other = asked(run, "--compare gpt-4o,gpt-5")
    assert (other["model"], other["reasoning_effort"], other["verbosity"]) == ("gpt-5", "low", "low")
    assert (other["max_completion_tokens"], other.get("temperature")) == (200, None)
    run("%%chat --compare gpt-4o,gpt-5 --dry-run -o foreseen\nhi")
    assert "refuses" not in "".join(shell.user_ns["foreseen"]["warnings"])
    with pytest.raises(ComparisonError, match="gpt-5 doesn't take temperature"):
        run("%%chat --compare gpt-4o,gpt-5 --param temperature=0\nhi")


def test_a_field_by_param_goes_before_it(run: Any, project: Any) -> None:
    project("temperature = 0", "effort = 'low'")
    assert asked(run, "--param temperature=1")["temperature"] == 1
    assert asked(run, "gpt-5 --param reasoning_effort=high")["reasoning_effort"] == "high"


def test_values_are_text_and_never_filled_in(run: Any, shell: Any, project: Any) -> None:
    run("name = 'Ada'")
    project("system = 'You are {{ name }}.'")
    assert asked(run)["messages"][0]["content"] == "You are {{ name }}."
    shell.magics_manager.registry["AoaiMagics"].system = "I am {{ name }}."  # IPython expands braces after %config
    assert asked(run)["messages"][0]["content"] == "I am {{ name }}."


def test_a_file_may_hold_the_system_message(run: Any, project: Any, tmp_path: Path) -> None:
    (tmp_path / "persona.md").write_text("You are a {{ pirate }}.\n", encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    project("system = '@persona.md'")
    run("import os; os.chdir('notebooks')")
    assert asked(run)["messages"][0]["content"] == "You are a {{ pirate }}."
    run("os.chdir('..')")
    assert asked(run, "-s @persona.md")["messages"][0]["content"] == "You are a {{ pirate }}."
    run("%config AoaiMagics.system = '@persona.md'")
    (tmp_path / "persona.md").write_text("You are a sailor.", encoding="utf-8")
    assert asked(run)["messages"][0]["content"] == "You are a sailor."
    with pytest.raises(
        OptionError, match=r"-s can't be '@person.md': the file isn't there\. Did you mean persona\.md\?"
    ):
        run("%%chat -s @person.md\nhi")
    (tmp_path / "persona.md").unlink()
    with pytest.raises(SettingsError, match="the file isn't there"):
        run("%%chat\nhi")


def test_a_filled_in_value_names_no_file(run: Any, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sekret", encoding="utf-8")
    run(f"said, name = '@{tmp_path}/secret', 'secret'")
    assert asked(run, "-s '{{ said }}'")["messages"][0]["content"] == f"@{tmp_path}/secret"
    assert asked(run, f"-s '@{tmp_path}/{{{{ name }}}}'")["messages"][0]["content"] == "sekret"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("temperature = 3", "temperature can't be 3: it must be between 0 and 2."),
        ("temperature = 'warm'", "temperature can't be 'warm': it is not a number."),
        ("temprature = 1", "has temprature, which can't be set.\nDid you mean temperature?"),
        ("xyzzy = 1", "has xyzzy, which can't be set.\nThere are "),
        ("max_tokens = 0", "it must be at least 1"),
        ("max_tokens = 1.5", "it is not a whole number"),
        ("seed = True", "it is true or false"),
        ("system = 7", "it is no text"),
        ("stop = ['', 'a']", "it is empty"),
        ("stop = [1, ['a']]", "it is no text"),
        ("no_stream = 'yes'", "it is neither true nor false"),
        ("detail = 'fine'", "it is none of low, high, auto, original"),
    ],
)
def test_what_cannot_be_set_is_said_in_few_lines(run: Any, project: Any, line: str, said: str) -> None:
    for fails in (f"%config AoaiMagics.{line}", "%%chat\nhi"):
        with pytest.raises(SettingsError) as caught:
            run(fails)
        assert said in str(caught.value)
        assert len(str(caught.value).splitlines()) <= 3
        project(line.replace("True", "true"))
    assert aoai.last is None


def test_config_changes_nothing_where_it_fails_and_says_what_there_is(run: Any, shell: Any) -> None:
    run("%config AoaiMagics.temperature = 0.5")
    with pytest.raises(SettingsError):
        run("%config AoaiMagics.temperature = 5")
    assert asked(run)["temperature"] == 0.5
    with pytest.raises(SettingsError, match="expected a boolean"):
        run("%config AoaiMagics.short_errors = 5")
    listed = run("%config AoaiMagics")
    for key, option in CONFIGURABLE.items():
        assert f"AoaiMagics.{key}=" in listed
        assert option.help.split()[0] in listed
    assert "key" not in CONFIGURABLE


def test_a_reload_keeps_what_config_set_and_not_what_it_refused(run: Any, shell: Any) -> None:
    for line in ("deployment = 'gpt-4o-mini'", "temperature = 0.5"):
        run(f"%config AoaiMagics.{line}")
    for line in ("temperature = 5", "temprature = 1", "seed = 'x'"):
        with pytest.raises(SettingsError):
            run(f"%config AoaiMagics.{line}")
    run("%reload_ext aoai_magic")
    assert (asked(run)["model"], asked(run)["temperature"]) == ("gpt-4o-mini", 0.5)
    assert "seed" not in asked(run)


def test_ipythons_own_configuration_can_set_them_too(_ipython: Any, run: Any, shell: Any) -> None:
    shell.run_line_magic("unload_ext", "aoai_magic")
    shell.config.AoaiMagics.temperature = 0.5
    shell.config.AoaiMagics.deployment = "gpt-4o-mini"
    shell.run_line_magic("load_ext", "aoai_magic")
    assert (asked(run)["model"], asked(run)["temperature"]) == ("gpt-4o-mini", 0.5)


def test_status_says_where_each_value_came_from(run: Any, project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project("deployment = 'gpt-4.1'", "temperature = 0.3", "system = 'Be brief.\tVery.'")
    run("%config AoaiMagics.max_tokens = 7")
    printed = run("%aoai status")
    assert "deployment      gpt-4.1 (from [tool.aoai-magic] in pyproject.toml)\n" in printed
    assert "temperature     0.3 ([tool.aoai-magic] in pyproject.toml)\n" in printed
    assert "system          Be brief. Very. ([tool.aoai-magic] in pyproject.toml)\n" in printed
    assert "max_tokens      7 (%config AoaiMagics.max_tokens)\n" in printed
    run("%config AoaiMagics.deployment = 'gpt-4o-mini'")
    assert "deployment      gpt-4o-mini (from %config AoaiMagics.deployment)\n" in run("%aoai status")
    run("%config AoaiMagics.deployment = None")
    monkeypatch.setenv("AOAI_DEPLOYMENT", "mine")
    assert "deployment      mine (from AOAI_DEPLOYMENT)\n" in run("%aoai connect")
    assert "deployment      yours (named by connect)\n" in run("%aoai connect local -d yours")


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, b"", True, 1.5, ["a"]])
@pytest.mark.parametrize("option", CONFIGURABLE.values(), ids=CONFIGURABLE)
def test_no_value_makes_it_fail_in_another_way(option: Option, value: Any) -> None:
    try:
        converted(option, value, "a test")
    except SettingsError as error:
        assert option.key in error.what


def test_what_the_model_of_a_cell_refuses_is_left_out_of_it(run: Any) -> None:
    run("%config AoaiMagics.temperature = 0.5\n%config AoaiMagics.effort = 'low'\n%config AoaiMagics.top_p = 0.9")
    request = asked(run)
    assert (request["temperature"], request["top_p"], request.get("reasoning_effort")) == (0.5, 0.9, None)
    request = asked(run, "gpt-5")
    assert (request.get("temperature"), request.get("top_p"), request["reasoning_effort"]) == (None, None, "low")
    with pytest.raises(OptionError, match="doesn't take temperature"):
        asked(run, "gpt-5 -t 0")
