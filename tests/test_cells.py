"""Cells around a magic: what may stand above it, a magic alone, and what earlier cells were, gave and said."""

from __future__ import annotations

from typing import Any

import pytest

import aoai_magic as aoai
from aoai_magic.errors import OptionError, TemplateError

from . import prompts


def sent() -> Any:
    assert aoai.last is not None
    return aoai.last.request["messages"][-1]["content"]


@pytest.mark.parametrize("name", ["chat", "aoai", "complete", "image", "tokens"])
@pytest.mark.parametrize("line", ["--help", "-h", "gpt-4o --help", "\t--help"])
def test_a_magic_alone_can_be_asked_for_help(run: Any, name: str, line: str) -> None:
    assert "--help" in run(f"%%{name} {line}")
    assert aoai.last is None


@pytest.mark.parametrize("cell", ["%%chat", "%%chat -t 0", "%%chat\n", "# why\n\n%%chat", "%%complete", "%%image"])
def test_a_magic_alone_says_that_a_prompt_is_missing(run: Any, cell: str) -> None:
    with pytest.raises(OptionError, match="The cell holds no prompt"):
        run(cell)


@pytest.mark.parametrize("above", ["# a comment\n", "\n\n", "# one\n#two\n\n  # three\n", "  \n\t\n", "#\n"])
@pytest.mark.parametrize("magic", ["%%chat -q", "  %%chat -q", "%%chat\t-q", "%%aoai -q"])
def test_comments_and_blank_lines_may_stand_above(run: Any, above: str, magic: str) -> None:
    run(f"{above}{magic}\n  # not a comment\n\nhi  \n")
    assert sent() == "  # not a comment\n\nhi  \n"


@pytest.mark.parametrize("prompt", prompts.NOT_OURS)
def test_below_a_comment_a_prompt_is_sent_byte_for_byte(run: Any, prompt: str) -> None:
    run(f"# a comment\n%%chat -q\n{prompt}")
    assert sent() == prompt


def test_the_question_mark_is_left_to_ipython(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("# look:\n%%chat?")
    assert "--max-tokens COUNT" in capsys.readouterr().out


OTHERS = [
    "1 + 1",
    "# a comment",
    "",
    "\n\n",
    "# a comment\n%%time\nx = 1",
    "# a comment\n%%bash\necho hi",
    "%%time",
    "%%chatter\nhi",
    "x = '''\n%%chat\nhi\n'''",
    "%chat",
    "%aoai status",
    "%%html\n# %%chat\n",
    "if True:\n    %%chat",
]


@pytest.mark.parametrize("cell", OTHERS)
def test_other_cells_are_what_they_are_without_us(_ipython: Any, shell: Any, cell: str) -> None:
    ours = shell.transform_cell(cell)
    shell.run_line_magic("unload_ext", "aoai_magic")
    assert shell.transform_cell(cell) == ours


def test_a_chat_of_another_extension_is_left_alone(_ipython: Any, run: Any, shell: Any) -> None:
    shell.run_line_magic("unload_ext", "aoai_magic")
    shell.register_magic_function(lambda line, cell: print(repr(cell)), "cell", "chat")
    try:
        shell.run_line_magic("load_ext", "aoai_magic")
        assert shell.transform_cell("# c\n%%chat\nhi").startswith("# c")
        assert "--help" in run("# c\n%%aoai --help")
    finally:
        shell.magics_manager.magics["cell"].pop("chat")


def test_a_terminal_still_waits_for_the_prompt(shell: Any) -> None:
    check = shell.input_transformer_manager.check_complete
    assert check("%%chat")[0] == check("%%chat -t 0\nhi")[0] == "incomplete"
    assert check("%%chat\nhi\n\n")[0] == "complete"


def test_another_magic_may_hold_a_cell_with_a_comment(run: Any) -> None:
    run("%%time\n# why\n%%chat -q\nhi")
    assert sent() == "hi"


# In, Out, Err


def test_earlier_cells_can_be_named(run: Any, shell: Any) -> None:
    run("%%chat -q\nSay  hello.")
    chat = shell.execution_count - 1
    run("import pandas; pandas.DataFrame({'a': [1, 2]})")
    run(
        f"%%chat -q\n{{{{ In[{chat}] }}}}|{{{{ Out[{chat}] }}}}|{{{{ Out[{chat + 1}] }}}}|{{{{ Out[-1] }}}}|{{{{ In[-2] }}}}"
    )
    assert sent() == "%%chat -q\nSay  hello.|Say  hello.|a\n1\n2|a\n1\n2|%%chat -q\nSay  hello."


def test_a_failed_cell_can_be_asked_about(run: Any, shell: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        run("def half(n):\n    return n / 0\n\nhalf(1)")
    number = shell.execution_count - 1
    run(f"%%chat -q\nWhy? {{{{ Err[{number}] }}}}")
    assert sent() == (
        "Why? Traceback (most recent call last):\n"
        f'  File "Cell In[{number}]", line 4, in <module>\n    half(1)\n'
        f'  File "Cell In[{number}]", line 2, in half\n    return n / 0\n'
        "ZeroDivisionError: division by zero"
    )
    run("%%chat -q\n{{ Err[-1] }}")
    assert sent().endswith("ZeroDivisionError: division by zero")


def test_causes_and_groups_are_told_too(run: Any, shell: Any) -> None:
    with pytest.raises(ValueError, match="outer"):
        run("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('outer') from error")
    run("%%chat -q\n{{ Err[-1] }}")
    assert "direct cause" in sent()
    assert sent().count(f"Cell In[{shell.execution_count - 2}]") == 2
    assert "interactiveshell" not in sent()
    with pytest.raises(ExceptionGroup):
        run("raise ExceptionGroup('both', [ValueError('a'), TypeError('b')])")
    run("%%chat -q\n{{ Err[-1] }}")
    assert "ValueError: a" in sent()


def test_a_syntax_error_and_an_error_of_ours_are_told_shortly(run: Any, shell: Any) -> None:
    with pytest.raises(SyntaxError):
        run("1 +")
    number = shell.execution_count - 1
    run("%%chat -q\n{{ Err[-1] }}")
    assert f'File "Cell In[{number}]", line 1' in sent()
    assert sent().endswith("SyntaxError: invalid syntax")
    with pytest.raises(OptionError):
        run("%%chat --temprature 1\nhi")
    run("%%chat -q\n{{ Err[-1] }}")
    assert sent().startswith("OptionError: %%chat has no option --temprature.\nDid you mean")


def test_a_long_and_a_foul_traceback_are_bounded_and_visible(run: Any, shell: Any) -> None:
    with pytest.raises(ValueError, match="x"):
        run("raise ValueError('x' * 50_000 + '\\x1b[2J\\u202e')")
    run("%%chat -q --max-tokens 1\n{{ Err[-1] }}")
    assert len(sent()) < 20_200
    assert "characters are left out here" in sent()
    assert sent().endswith("xx␛[2J⟨U+202E⟩")


def test_a_recursion_without_end_is_told_in_few_lines(shell: Any) -> None:
    def deeper() -> None:
        deeper()

    failed = shell.run_cell("1 / 0", store_history=True)
    with pytest.raises(RecursionError) as caught:
        deeper()
    failed.error_in_exec = caught.value  # IPython takes many seconds to show one, with this many modules loaded
    cells = shell.magics_manager.registry["AoaiMagics"].cells
    cells.end(failed)
    assert "Previous line repeated" in cells.errors[failed.execution_count]


def test_only_the_last_hundred_are_kept(shell: Any) -> None:
    cells = shell.magics_manager.registry["AoaiMagics"].cells
    failed = shell.run_cell("1 / 0", store_history=True)
    first = failed.execution_count
    for number in range(first, first + 105):
        failed.execution_count = number
        cells.end(failed)
    assert list(cells.errors) == list(range(first + 5, first + 105))


@pytest.mark.parametrize(
    ("hole", "said"),
    [
        ("Out[9999]", "Out[9999] }}: cell 9999 gave nothing back"),
        ("In[9999]", "cell 9999 wasn't run"),
        ("Err[9999]", "cell 9999 didn't fail"),
        ("Err[0]", "Err has no 0"),
        ("Err['x']", "Err has no 'x'"),
        ("Out", "a History has no text of its own"),
    ],
)
def test_a_cell_that_is_not_there_is_told_with_those_that_are(run: Any, shell: Any, hole: str, said: str) -> None:
    run("1")
    with pytest.raises(ZeroDivisionError):
        run("1 / 0")
    number = shell.execution_count - 1
    with pytest.raises(TemplateError) as caught:
        run(f"%%chat\nhi {{{{ {hole} }}}}")
    assert said in str(caught.value)
    if "[" in hole and "9999" in hole:
        name = hole.partition("[")[0]
        assert f"{name}[{number if name == 'Err' else number - 1}]" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_names_of_the_users_own_go_before(run: Any) -> None:
    run("Err = 'mine'")
    run("%%chat -q\n{{ Err }} {{ Out[9999] is defined }}")
    assert sent() == "mine False"
    run("Out = {7: 'seven'}")
    run("%%chat -q\n{{ Out[7] }}")
    assert sent() == "seven"
    run("del Err, Out")


def test_what_failed_is_forgotten_with_the_extension(run: Any, shell: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        run("1 / 0")
    shell.run_line_magic("reload_ext", "aoai_magic")
    with pytest.raises(TemplateError, match="Err is empty so far"):
        run("%%chat\n{{ Err[1] }}")
