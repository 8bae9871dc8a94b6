from __future__ import annotations

import json
from pathlib import Path

import pytest

from aoai_magic import lessons
from aoai_magic.errors import AoaiError
from aoai_magic.reply import Choice, Reply, Usage

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


def cut(tokens: int, finish: str = "length") -> Reply:
    return Reply({}, "gpt-4o", "local", [Choice("…", finish)], usage=Usage(9, tokens))


def test_the_first_exercise_wants_a_reply_cut_at_five_tokens() -> None:
    assert lessons.check("start-1", cut(5))
    assert repr(lessons.check("start-1", cut(5))) == "Right."


@pytest.mark.parametrize("answer", [cut(4), cut(5, "stop"), "text", 5, cut(50)])
def test_a_wrong_answer_gets_a_nudge_and_not_the_answer(answer: object) -> None:
    verdict = lessons.check("start-1", answer)
    assert not verdict
    assert repr(verdict).startswith("Not yet: ")
    assert "--max-tokens 5" not in repr(verdict)


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet_is_no_mistake(answer: object) -> None:
    assert "No answer yet" in repr(lessons.check("start-1", answer))


def test_an_exercise_that_there_is_not_is_said() -> None:
    with pytest.raises(AoaiError, match="start-1"):
        lessons.check("start-99", 1)


def test_every_exercise_is_in_a_notebook_and_every_check_has_an_exercise() -> None:
    text = "".join(
        "".join(cell["source"])
        for file in NOTEBOOKS.glob("*.ipynb")
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    )
    for name in lessons._JUDGES:
        assert f'lessons.check("{name}"' in text
