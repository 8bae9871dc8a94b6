"""What stands in braces: filled in where it is ours, byte for byte where it isn't."""

from __future__ import annotations

import base64
import io
import itertools
import subprocess
from pathlib import Path
from typing import Any

import hypothesis
import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import aoai_magic as aoai
from aoai_magic.errors import AoaiError, OptionError, TemplateError
from aoai_magic.templates import fill
from aoai_magic.templates.holes import holes

from . import prompts


def sent() -> Any:
    """The content of the last prompt as it was sent."""
    assert aoai.last is not None
    return aoai.last.request["messages"][-1]["content"]


def error_of(text: str, **names: Any) -> str:
    with pytest.raises(TemplateError) as caught:
        fill(text, names)
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


def size_of(part: dict[str, Any]) -> tuple[int, int]:
    return Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2]))).size


# What isn't ours


def test_there_are_a_hundred_prompts_that_are_not_ours_and_twenty_that_look_like_it() -> None:
    assert len(set(prompts.NOT_OURS)) == 100
    assert len(set(prompts.LOOK_LIKE_OURS)) == 20


@pytest.mark.parametrize("prompt", prompts.NOT_OURS)
def test_a_prompt_without_holes_is_sent_byte_for_byte(run: Any, prompt: str) -> None:
    run(f"%%chat -q\n{prompt}")
    assert sent() == prompt


@pytest.mark.parametrize("prompt", prompts.NOT_OURS)
def test_it_stays_so_beside_a_hole(prompt: str) -> None:
    assert fill(f"{prompt}\n{{{{ 1 + 1 }}}}", {}) == f"{prompt}\n2"
    assert fill(f"{{{{ 1 + 1 }}}}{prompt}", {}) == f"2{prompt}"


@pytest.mark.parametrize("prompt", prompts.LOOK_LIKE_OURS)
def test_braces_of_another_language_are_an_error_that_shows_raw(run: Any, prompt: str) -> None:
    with pytest.raises(TemplateError, match="--raw on the first line sends the cell as it stands") as caught:
        run(f"%%chat -q\n{prompt}")
    assert aoai.last is None
    assert len(str(caught.value).splitlines()) <= 3
    run(f"%%chat -q --raw\n{prompt}")
    assert sent() == prompt


text = st.text(st.one_of(st.sampled_from("{}%# \n\r\"'\\ifor"), st.characters(exclude_categories=("Cs",))), max_size=80)


@given(text.filter(lambda one: "{{" not in one and "{%" not in one))
def test_what_holds_no_opening_brace_is_what_it_was(body: str) -> None:
    assert fill(body, {}) == body


@given(text, text)
def test_text_around_a_hole_is_what_it_was(before: str, after: str) -> None:
    before, after = before.rstrip("{"), after.lstrip("}")
    hypothesis.assume(not holes(before) if "{{" not in before else False)
    hypothesis.assume(not holes(after) if "{{" not in after else False)
    assert fill(f"{before}{{{{ x }}}}{after}", {"x": "…"}) == f"{before}…{after}"


@given(text, st.text())
def test_no_text_makes_it_fail_in_another_way_than_with_raw_shown(body: str, value: str) -> None:
    try:
        fill(body, {"i": value, "f": value})
    except TemplateError as error:
        assert "--raw" in error.fix
        assert "{{" in body or "{%" in body


@given(st.text())
def test_a_value_is_data_and_comes_out_as_it_is(value: str) -> None:
    assert fill("{{ x }}", {"x": value}) == value


def test_a_text_without_holes_loads_no_jinja(python: str) -> None:
    code = """if True:
        import sys
        from aoai_magic.templates import fill
        assert fill("{% nope %} {#1} {x}", {}) == "{% nope %} {#1} {x}"
        assert "jinja2" not in sys.modules
        assert fill("{{ x }}", {"x": 1}) == "1"
        assert "jinja2" in sys.modules and "pandas" not in sys.modules and "numpy" not in sys.modules"""
    subprocess.run([python, "-c", code], check=True)


# What is ours


@pytest.mark.parametrize(
    ("body", "filled"),
    [
        ("{{ n }}", "3"),
        ("{{n}} and {{ n * 2 }}", "3 and 6"),
        ("{{ name }}", "{{ n }} {% if %}"),
        ("{{ xs[1] }}{{ d.k }}{{ d['k'] }}", "bvv"),
        ("{{ len(xs) }} {{ max(1, 2) }} {{ sum([1, 2]) }} {{ sorted([2, 1]) }} {{ round(2.567, 1) }}", "2 2 3 [1, 2] 2.6"),
        ("{{ str(1) + 'x' }} {{ int('7') }} {{ float(1) }} {{ list(range(3)) }} {{ dict(a=1) }}", "1x 7 1.0 [0, 1, 2] {'a': 1}"),
        ("{% for i, x in enumerate(xs) %}{{ i }}{{ x }};{% endfor %}", "0a;1b;"),
        ("{% for a, b in zip(xs, xs) %}{{ a }}{{ b }}{% endfor %}", "aabb"),
        ("{% if n > 2 %}many{% elif n %}few{% else %}none{% endif %}", "many"),
        ("{% set m = n + 1 %}{{ m }}", "4"),
        ("a\r\n{% for x in xs %}\r\n- {{ x | upper }}\r\n{% endfor %}\r\nb\r\n", "a\r\n\r\n- A\r\n\r\n- B\r\n\r\nb\r\n"),
        ("a\n{%- for x in xs %}\n- {{ x }}\n{%- endfor %}\nb", "a\n- a\n- b\nb"),
        ("{{ xs | join(', ') }}\r{{ xs | map('upper') | list }}", "a, b\r['A', 'B']"),
        ("{{ d | tojson }} {{ '<&é>' | tojson }}", '{"k": "v"} "<&é>"'),
        ("{{ '%.2f' | format(n) }} {{ '%.2f' % n }} {{ '{:,}'.format(n * 1000) }}", "3.00 3.00 3,000"),
        ("{{ nope | default('-') }} {{ nope is defined }}", "- False"),
        ("{{ {'a': {'b': '}}'}} }}", "{'a': {'b': '}}'}}"),
        ("{{ \"}}\" }} {{ '{{' }} {{ '{#' }}", "}} {{ {#"),
        ("{{ n\n+\n1 }}\n{#1} ${#a[@]} {% nope %} {% if\n%}", "4\n{#1} ${#a[@]} {% nope %} {% if\n%}"),
        ("{{ none }}{{ True }}{{ 'x' if n > 5 }}", "NoneTrue"),
        ("{{ range }}", "of a mountain"),
    ],
)  # fmt: skip
def test_expressions_loops_and_conditions_are_filled_in(body: str, filled: str) -> None:
    names = {"n": 3, "name": "{{ n }} {% if %}", "xs": ["a", "b"], "d": {"k": "v"}, "range": "of a mountain"}
    names |= {} if "{{ range }}" in body else {"range": range}
    assert fill(body, names) == filled


def test_a_cell_takes_the_variables_of_the_kernel(run: Any) -> None:
    run("city, months = 'Oslo', ['May', 'June']")
    run("%%chat -q\nRain in {{ city }}:\n{% for m in months %}- {{ m }}\n{% endfor %}{ok}")
    assert sent() == "Rain in Oslo:\n- May\n- June\n{ok}"


def test_a_reply_and_an_output_can_be_the_next_prompt(run: Any, shell: Any) -> None:
    run("%%chat -o answer\nA {{ '{{' }} brace")
    number = shell.execution_count - 1
    run(f"%%chat -q\nSay again: {{{{ answer }}}} {{{{ Out[{number}].text }}}} {{{{ _ }}}}")
    assert sent() == "Say again: A {{ brace A {{ brace A {{ brace"


def test_a_dry_run_counts_what_would_be_sent(run: Any, shell: Any) -> None:
    run("words = 'one two three four five six'")
    run("%%chat --dry-run -o plain\none two three four five six")
    run("%%chat --dry-run -o filled\n{{ words }}")
    run("%%chat --dry-run --raw -o raw\n{{ words }}")
    tokens = [shell.user_ns[name].prompt_tokens for name in ("plain", "filled", "raw")]
    assert tokens[0] == tokens[1] != tokens[2]
    assert aoai.last is None


def test_options_are_filled_and_then_read(run: Any) -> None:
    run("role, heat, model = 'a poet\" -q --nonsense', 0.5, 'gpt-4o-mini'")
    run("%%chat \"{{ model }}\" -q -s 'You are {{ role }}.' -t='{{ heat * 2 }}' --seed \"{{ len(role) }}\"\nhi")
    assert aoai.last is not None
    request = aoai.last.request
    assert request["messages"][0]["content"] == 'You are a poet" -q --nonsense.'
    assert (request["model"], request["temperature"], request["seed"]) == ("gpt-4o-mini", 1.0, 21)


def test_a_number_may_be_filled_in(run: Any, shell: Any) -> None:
    shell.user_ns["most"] = 2
    run("%%chat -q --max-tokens '{{ most }}'\none two three")
    assert aoai.last is not None
    assert aoai.last.request["max_tokens"] == 2


def test_raw_leaves_the_options_alone_too(run: Any) -> None:
    run("%%chat -q -s 'Write {{ x }}.' --raw\nhi {{ x }}")
    assert aoai.last is not None
    assert [message["content"] for message in aoai.last.request["messages"]] == ["Write {{ x }}.", "hi {{ x }}"]


def test_a_filled_option_is_checked_as_a_typed_one(run: Any) -> None:
    run("heat = 'warm'")
    with pytest.raises(OptionError, match="can't be 'warm'"):
        run("%%chat -t '{{ heat }}'\nhi")
    with pytest.raises(TemplateError, match="quotes keep it together"):
        run("%%chat -s {{ heat }}\nhi")


def test_what_is_filled_to_nothing_is_no_prompt(run: Any) -> None:
    with pytest.raises(OptionError, match="holds no prompt"):
        run("%%chat\n{% if False %}hi{% endif %}")


def test_prompts_in_python_are_not_templates() -> None:
    aoai.chat("{{ x }}", system="{% if %}")
    assert aoai.last is not None
    assert [message["content"] for message in aoai.last.request["messages"]] == ["{% if %}", "{{ x }}"]


def test_a_text_to_continue_is_filled_in_too(run: Any, shell: Any) -> None:
    shell.push({"who": "a fox", "image": Image.new("RGB", (3, 2))})
    run('%%complete -q --suffix "{{ who }}"\nOnce {{ who }}')
    assert aoai.last is not None
    assert (aoai.last.request["prompt"], aoai.last.request["suffix"]) == ("Once a fox", "a fox")
    run("%%complete -q --raw\nOnce {{ who }}")
    assert aoai.last.request["prompt"] == "Once {{ who }}"
    with pytest.raises(OptionError, match="%%complete takes text alone"):
        run("%%complete\nOnce {{ image }}")


def test_what_to_draw_is_filled_in_too(run: Any, shell: Any) -> None:
    run("who, size = 'a fox', '1024x1024'")
    run('%%image --size "{{ size }}" -q -o drawn\nDraw {{ who }}')
    request = shell.user_ns["drawn"].request
    assert (request["prompt"], request["size"]) == ("Draw a fox", "1024x1024")
    run("%%image -q --raw -o drawn\nDraw {{ who }}")
    assert shell.user_ns["drawn"].request["prompt"] == "Draw {{ who }}"


# Files


def test_a_file_is_included_as_it_is(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.md").write_bytes("{{ x }}\r\n{% if %} é\n".encode())
    monkeypatch.chdir(tmp_path)
    run('%%chat -q\nSum up:\n{{ include("notes.md") }}')
    assert sent() == "Sum up:\n{{ x }}\r\n{% if %} é\n"


def test_a_file_that_cannot_be_included_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\0")
    (tmp_path / "long.txt").write_text("x" * 5_000_000)
    assert "isn't there.\nDid you mean notes.md?" in error_of("{{ include('note.md') }}")
    assert "%pwd" in error_of("{{ include('no/such/folder.md') }}")
    for name in ("photo.jpg", "long.txt", "."):
        assert "is no file of text in UTF-8, or is too long" in error_of(f"{{{{ include({name!r}) }}}}")


# Tables and pictures


def test_a_table_is_csv_and_says_what_it_left_out() -> None:
    frame = pandas.DataFrame({"city": ["Oslo", 'a "b", c'], "rain": [763, 0.5]})
    assert fill("{{ frame }}", {"frame": frame}) == 'city,rain\nOslo,763.0\n"a ""b"", c",0.5'
    assert fill("{{ frame.set_index('city') }}", {"frame": frame.head(1)}) == "city,rain\nOslo,763.0"
    long = pandas.DataFrame({"n": range(1_234)})
    lines = str(fill("{{ long }}", {"long": long})).split("\n")
    assert lines[:2] == ["n", "0"]
    assert lines[-2:] == ["49", "(1,184 of 1,234 rows are left out here)"]
    assert len(lines) == 52
    assert "left out" not in str(fill("{{ long.head(50) }}", {"long": long}))
    assert fill("{{ long.n.max() }}", {"long": long}) == "1233"


def test_a_series_is_a_table_of_one_column() -> None:
    assert fill("{{ s }}", {"s": pandas.Series([1, 2])}) == "value\n1\n2"
    assert fill("{{ s }}", {"s": pandas.Series({"a": 1}, name="rain")}) == ",rain\na,1"


def test_pictures_become_parts_where_they_stand(run: Any, shell: Any) -> None:
    from matplotlib.figure import Figure

    shell.push({"image": Image.new("RGB", (3, 2)), "array": numpy.zeros((5, 4, 3), "uint8"), "figure": Figure((1, 2))})
    run("%%chat -q --detail low\nFirst {{ image }}, then {{ array }}{{ figure }}\nWhich is red?")
    parts = sent()
    assert [part.get("text") for part in parts] == ["First ", None, ", then ", None, None, "\nWhich is red?"]
    assert [size_of(part) for part in parts if "image_url" in part] == [(3, 2), (4, 5), (100, 200)]
    assert {part["image_url"]["detail"] for part in parts if "image_url" in part} == {"low"}


def test_pictures_in_the_text_and_beside_it_are_both_sent(run: Any, shell: Any) -> None:
    shell.push({"image": Image.new("RGB", (3, 2))})
    run("%%chat -q -a image\nA {{ image }}")
    assert [part["type"] for part in sent()] == ["text", "image_url", "image_url"]
    run("%%chat -q\n{{ image }}")
    assert [part["type"] for part in sent()] == ["image_url"]
    with pytest.raises(AoaiError, match="51 pictures"):
        run("%%chat -q -a image\n{% for i in range(50) %}{{ image }}{% endfor %}")


def test_a_plot_of_pandas_is_its_figure() -> None:
    from matplotlib.figure import Figure

    axes = Figure((1, 2)).add_subplot()
    pandas.Series([1, 2]).plot(ax=axes)
    parts: Any = fill("{{ axes }}", {"axes": axes})
    assert [size_of(part) for part in parts] == [(100, 200)]


def test_a_picture_that_was_drawn_can_be_asked_about(run: Any) -> None:
    run("%%image -q -o drawn\na fox")
    run("%%chat -q\nWhat is it? {{ drawn }}")
    assert [part["type"] for part in sent()] == ["text", "image_url"]
    assert size_of(sent()[1]) == (1024, 1024)
    run("%%image -q -n 2 -o drawn\na fox")
    with pytest.raises(TemplateError, match=r"2 pictures are in it: name one, as in drawn\[0\]"):
        run("%%chat -q\nWhat is it? {{ drawn }}")


def test_a_dry_run_counts_the_pictures_of_the_text(run: Any, shell: Any) -> None:
    shell.push({"image": Image.new("RGB", (512, 512))})
    run("%%chat --dry-run -o beside -a image\nA")
    run("%%chat --dry-run -o within\nA{{ image }}")
    assert shell.user_ns["within"].prompt_tokens == shell.user_ns["beside"].prompt_tokens > 200


def test_arrays_that_are_no_pictures_are_text() -> None:
    assert fill("{{ a }}", {"a": numpy.array([1, 2])}) == "[1 2]"
    assert fill("{{ a }}", {"a": numpy.eye(2)}) == "[[1. 0.]\n [0. 1.]]"


def test_a_picture_cannot_be_an_option(run: Any, shell: Any) -> None:
    shell.push({"image": Image.new("RGB", (3, 2))})
    with pytest.raises(TemplateError, match="is a picture"):
        run("%%chat -s '{{ image }}'\nhi")


# What goes wrong


class Awkward:
    """An object of the kernel whose parts fail."""

    @property
    def broken(self) -> str:
        raise ZeroDivisionError("boom")

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{{ nmae }}", "{{ nmae }}: no variable is named nmae.\nDid you mean name?"),
        ("a\n\nb {{ name }} {{ nmae }}", "Line 3 of the prompt, {{ nmae }}: no variable"),
        ("a\r\nb\r{{ nmae + 1 }}", "Line 3 of the prompt, {{ nmae + 1 }}: no variable"),
        ("{{ srted(xs) }}", "Did you mean sorted?"),
        ("{% for x in nope %}{% endfor %}", "{% for x in nope %}: no variable is named nope."),
        ("{% if nope %}{% endif %}", "no variable is named nope."),
        ("{{ name.uper() }}", "the str has no uper.\nDid you mean upper"),
        ("{{ d.kex }}", "the dict has no kex.\nDid you mean key?"),
        ("{{ d[3] }}", "the dict has no item 3."),
        ("{{ o.broken }}", "{{ o.broken }}: ZeroDivisionError: boom."),
        ("a\n{{ o }}", "Line 2 of the prompt, {{ o }}: RuntimeError: no words."),
        ("{{ 1 / 0 }}", "ZeroDivisionError: division by zero."),
        ("{{ wordy() }}", "ValueError: one two"),
        ("{{ len }}", "len is a function or class, and no value: call it."),
        ("{{ name.upper }}", "upper is a function"),
        ("{{ int }}", "int is a function or class"),
        ("{{ xs | map('upper') }}", "has no text of its own: add | list"),
        ("{{ plain }}", "a object has no text of its own"),
        ("{{ }}", "{{ }}: this can't be read: Expected an expression"),
        ("{{ a b }}", "this can't be read"),
        ("{{ xs | nope }}", "No filter named 'nope'"),
        ("{% if xs %}x", "Unexpected end of template"),
        ("{% endfor %}", "this can't be read"),
        ("{{ name", "{{ on line 1 has no }} after it."),
        ("\n{{ it's }} and don't", "{{ on line 2 has no }} after it."),
        ("{{ xs | map(attribute='nam') | list }}", "the str has no nam."),
        ("{{ include() }}", "TypeError: "),
    ],
)
def test_what_goes_wrong_is_said_with_its_place(body: str, said: str) -> None:
    def wordy() -> None:
        raise ValueError("one\n\ntwo")

    names = {"wordy": wordy, "name": "x", "xs": ["a"], "d": {"key": 1}, "o": Awkward(), "plain": object()}
    shown = error_of(body, **names)
    assert said in shown.replace("\nBraces", "\n\nBraces")
    assert shown.endswith("--raw on the first line sends the cell as it stands.")


@pytest.mark.parametrize(
    "expression",
    [
        "name.__class__",
        "name.__class__.__mro__",
        "o._secret",
        "o['__class__']",
        "'{0.__class__}'.format(name)",
        "'{0.__class__}'.format_map({'0': name})",
        "name | attr('__class__')",
        "xs | map(attribute='__class__') | list",
        "str.format('{0.__class__}', name)",
        "list.append(xs, 1)",
        "xs.append(1)",
        "d.update(a=1)",
        "d.clear()",
        "range.__init__",
        "__builtins__",
        "__name__",
        "__import__('os')",
        "get_ipython()",
        "open('/etc/passwd')",
        "exit()",
        "eval('1')",
        "self._TemplateReference__context",
        "function.__globals__",
        "function.__code__",
    ],
)
def test_there_is_no_way_out_of_the_sandbox(run: Any, shell: Any, expression: str) -> None:
    run("class O: _secret = 1\no, name, xs, d = O(), 'x', ['a'], {'k': 1}\ndef function(): pass")
    with pytest.raises(TemplateError):
        run(f"%%chat\n{{{{ {expression} }}}}")
    assert (shell.user_ns["xs"], shell.user_ns["d"]) == (["a"], {"k": 1})
    assert aoai.last is None


@pytest.mark.parametrize(
    "expression",
    [
        "os.system('touch made')",
        "pandas.io.common.os.system('touch made')",
        "numpy.save('made', array)",
        "path.write_text('x')",
        "frame.to_csv('made')",
        "frame.to_json(path_or_buf='made')",
        "frame.to_pickle('made')",
        "frame.city.to_csv('made')",
        "frame.pop('city')",
        "frame.fillna(0, inplace=True)",
        "frame.insert(0, 'x', 1)",
        "array.tofile('made')",
        "array.fill(0)",
        "picture.save('made.png')",
        "sys.exit()",
        "','.join(['a' * 10**6] * 1000)",
    ],
)
def test_a_prompt_says_what_is_there_and_changes_nothing(
    run: Any, shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expression: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run(
        "import numpy, os, pandas, pathlib, sys\nfrom PIL import Image\npicture = Image.new('L', (2, 2))\n"
        "frame, array, path = pandas.DataFrame({'city': ['Oslo']}), numpy.ones(2), pathlib.Path('made')"
    )
    with pytest.raises(TemplateError):
        run(f"%%chat\n{{{{ {expression} }}}}")
    assert (shell.user_ns["frame"].to_csv(), shell.user_ns["array"].tolist()) == (",city\n0,Oslo\n", [1, 1])
    assert not list(tmp_path.iterdir())
    run(
        "%%chat\n{{ frame.to_csv(index=False) }} {{ frame.to_json(orient='records') }} {{ array.sum() }} {{ numpy.linalg.norm(array) }}"
    )


@pytest.mark.parametrize("expression", ["frame.to_csv('made')", "frame.pop('city')", "os.getcwd()", "frame.__class__"])
def test_what_stays_shut_is_told_with_the_way_around(run: Any, expression: str) -> None:
    run("import os, pandas\nframe = pandas.DataFrame({'city': ['Oslo']})")
    with pytest.raises(TemplateError) as raised:
        run(f"%%chat\n{{{{ {expression} }}}}")
    assert raised.value.why.startswith("Braces read the notebook's values")
    assert raised.value.fix.startswith("Do it in a cell of its own")


@pytest.mark.parametrize(
    "body",
    [
        "{{ 'a' * 10**9 }}",
        "{{ 10**9 * [1] }}",
        "{{ 10**(10**10) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '%(a)0999999d' % {'a': 1} }}",
        "{{ '%.999999f' | format(1.5) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:{w}}'.format(1, w=999999999) }}",
        "{{ 'a'.center(10**9) }}",
        "{{ 'a'.ljust(10**9) }}",
        "{{ '1'.zfill(10**9) }}",
        "{{ ('\\t' * 1000).expandtabs(10**6) }}",
        "{{ ('a' * 10**6).replace('a', 'b' * 10**6) }}",
        "{{ range(10**9) }}",
        "{{ sum(range(10**9)) }}",
        "{% for i in range(10**5) %}{% for j in range(10**5) %}{% endfor %}{% endfor %}",
        "{% for i in endless %}{% endfor %}",
        "{% for i in range(2000) %}{{ 'a' * 1000 }}{% endfor %}",
        "{{ 'a' | center(10**9) }}",
        "{{ [1] | batch(10**9, 1) | list }}",
        "{{ lipsum(10**6) }}",
    ],
)
def test_no_expression_makes_more_than_a_prompt_can_hold(body: str) -> None:
    assert "--raw" in error_of(body, endless=itertools.count())


def test_an_unfilled_cell_sends_nothing_and_shows_a_few_lines(run: Any) -> None:
    with pytest.raises(TemplateError) as caught:
        run("%%chat -o answer\nhi {{ nope }}")
    assert aoai.last is None
    shown = caught.value.shown  # type: ignore[attr-defined]
    assert "TemplateError" in shown
    assert len(shown.strip().splitlines()) <= 4
