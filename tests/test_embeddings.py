"""`aoai.embed`, against the real local service with the echo engine.

Its vectors are alike as far as texts share words.
"""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import aoai_magic as aoai
from aoai_magic import errors, ledger, render
from aoai_magic.base_reply import Usage
from aoai_magic.request import batches
from aoai_magic.request import vectors as request

WINES = ["red wine", "white wine", "a bicycle"]


def vectors(*rows: list[float], first: int = 0) -> dict[str, Any]:
    data = [{"object": "embedding", "index": first + at, "embedding": row} for at, row in enumerate(rows)]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return {"object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage}


def test_each_text_gets_a_row() -> None:
    found = aoai.embed(WINES)
    assert (found.vectors.shape, found.vectors.dtype) == ((3, 1536), numpy.float32)
    assert numpy.linalg.norm(found.vectors, axis=1) == pytest.approx(1)
    assert (found.texts, len(found), found.deployment) == (WINES, 3, "text-embedding-3-small")
    assert numpy.array_equal(found.vectors[1], aoai.embed("white wine").vectors[0])
    assert numpy.array_equal(numpy.asarray(found), found.vectors)
    assert aoai.last is None


def test_dimensions_and_deployment_reach_the_service() -> None:
    assert aoai.embed("x", dimensions=64).vectors.shape == (1, 64)
    assert aoai.embed("x", deployment="text-embedding-3-large").vectors.shape == (1, 3072)
    with pytest.raises(errors.RequestRefusedError, match="specifying dimensions"):
        aoai.embed("x", 64, "text-embedding-ada-002")


def test_a_series_keeps_its_index() -> None:
    series = pandas.Series(WINES, index=["r", "w", "b"])
    found = aoai.embed(series)
    table = found.similarity()
    assert table.index.tolist() == table.columns.tolist() == ["r", "w", "b"]
    assert found.nearest("white wine", k=2).index.tolist() == ["w", "r"]


def test_alike_texts_have_a_high_cosine() -> None:
    table = aoai.embed(WINES).similarity()
    assert table.index.tolist() == table.columns.tolist() == WINES
    assert numpy.diag(table) == pytest.approx(1)
    assert numpy.allclose(table, table.T)
    assert table.loc["red wine", "white wine"] > 0.4 > table.loc["red wine", "a bicycle"]
    assert aoai.embed("wine").similarity(aoai.embed(WINES)).shape == (1, 3)


def test_the_nearest_text_comes_first() -> None:
    found = aoai.embed(WINES, dimensions=256)
    table = found.nearest("white wine", k=2)
    assert table["text"].tolist() == ["white wine", "red wine"]
    assert table["similarity"].tolist() == [pytest.approx(1), pytest.approx(0.5, abs=0.1)]
    assert table.index.tolist() == [1, 0]
    assert found.nearest(found.vectors[2], k=9)["text"].tolist()[0] == "a bicycle"
    assert found.nearest([0.0] * 256, k=0).empty


def test_the_estimate_is_what_is_billed() -> None:
    found = aoai.embed(WINES)
    assert found.usage == Usage(6, 0)
    assert (found.estimate.prompt_tokens, found.estimate.exact) == (6, True)
    assert (found.cost, found.azure_cost) == (0.0, pytest.approx(found.estimate.dearest))
    (row,) = ledger.rows()
    assert (row["operation"], row["prompt_tokens"], row["azure_price"]) == ("embeddings", 6, found.azure_cost)
    assert "vectors" in str(found.estimate)
    assert "of it" not in str(found.estimate)


def test_it_says_what_it_is() -> None:
    assert repr(aoai.embed(WINES)) == (
        "3 vectors of 1,536 numbers · text-embedding-3-small · on this machine · 6 tokens · local, free; on Azure about $0.00000012"
    )


def test_many_texts_go_in_several_requests_and_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "_MOST_TEXTS", 4)
    told: list[tuple[str, float]] = []
    texts = [f"text {number}" for number in range(10)]
    found = aoai.embed(texts, dimensions=8, on_progress=lambda *words: told.append(words))
    assert told == [("1 of 3 requests", pytest.approx(1 / 3)), ("2 of 3 requests", pytest.approx(2 / 3))]
    assert numpy.array_equal(found.vectors, [aoai.embed(text, 8).vectors[0] for text in texts])
    assert found.usage == Usage(found.estimate.prompt_tokens, 0)
    assert [row["outcome"] for row in ledger.rows()[:3]] == ["ended"] * 3


def test_a_budget_refuses_all_requests_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "_MOST_TEXTS", 1)
    with pytest.raises(errors.BudgetError):
        aoai.embed(["red wine", "wine " * 1000], budget=0.000001)
    assert [(row["outcome"], row["price"], row["prompt_tokens"]) for row in ledger.rows()] == [("not sent", 0, None)]


def test_an_error_on_the_way_keeps_the_vectors_so_far(monkeypatch: pytest.MonkeyPatch, cloud: Any) -> None:
    monkeypatch.setattr(request, "_MOST_TEXTS", 2)
    cloud.answer(200, vectors([1.0, 0.0], [0.0, 1.0]))
    cloud.answer(400, {"error": {"code": "invalid_value", "message": "No.", "param": "input"}})
    aoai.connect(f"{cloud.url}/openai/v1/", api_key="k" * 32)
    series = pandas.Series(list("abcdef"), index=list("uvwxyz"))
    with pytest.raises(
        errors.RequestRefusedError, match=r"The first 2 of 6 vectors are in sys.last_value.reply"
    ) as caught:
        aoai.embed(series, deployment="mine")
    assert isinstance(caught.value.reply, aoai.Embeddings)
    assert caught.value.reply.vectors.tolist() == [[1, 0], [0, 1]]
    assert caught.value.reply.labels == ["u", "v"]
    assert [row["outcome"] for row in ledger.rows()] == ["ended", "error 400", "not sent"]
    assert [row["price"] == 0 for row in ledger.rows()] == [False, True, True]
    assert aoai.last is None


def test_an_interrupt_on_the_way_keeps_the_vectors_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "_MOST_TEXTS", 2)

    def stop(what: str, fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(errors.Interrupted) as caught:
        aoai.embed(["a", "b", "c"], on_progress=stop)
    assert caught.value.reply is not None
    assert len(caught.value.reply) == 2
    assert [row["outcome"] for row in ledger.rows()] == ["ended", "not sent"]


def test_vectors_arrive_as_base64_or_as_numbers_and_in_any_order(cloud: Any) -> None:
    answer = vectors([1.0, 0.0], [0.0, 1.0])
    answer["data"].reverse()
    answer["data"][0]["embedding"] = "AAAAAAAAgD8="  # 0.0, 1.0 as little-endian float32
    cloud.answer(200, answer)
    aoai.connect(f"{cloud.url}/v1", deployment="text-embedding-3-small")
    found = aoai.embed(["a", "b"])
    assert found.vectors.tolist() == [[1, 0], [0, 1]]
    assert cloud.asked[0].json == {"input": ["a", "b"], "model": "text-embedding-3-small", "encoding_format": "base64"}
    assert found.azure_cost == pytest.approx(8e-8)
    assert "on this machine" not in repr(found)


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, b"<html>", b"", b"null", {"data": []}, vectors([1.0]), vectors([1.0], [2.0], first=1), vectors([], []),
        vectors([1.0, 2.0], [3.0]), vectors([1.0], [float("nan")]), {**vectors([1.0]), "data": [{"index": 0, "embedding": "?"}]},
    ],
)  # fmt: skip
def test_an_answer_without_the_right_vectors_is_an_error(cloud: Any, answer: Any) -> None:
    cloud.answer(200, answer)
    aoai.connect(f"{cloud.url}/v1", deployment="text-embedding-3-small")
    with pytest.raises(errors.NoAnswerError, match="something other than vectors"):
        aoai.embed(["a", "b"])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "no text"), ("", "Text 0 is empty"), (["a", ""], "Text 1 is empty"), (["a", None], "Text 1 is 'None'"), ([1], "Text 0 is '1'"),
        (7, "An int can't"), (b"x", "A bytes can't"), ({"a": "b"}, "A dict can't"), (pandas.DataFrame({"a": ["b"]}), "A DataFrame can't"),
        (pandas.Series(["a", None], index=["x", "y"]), "Text at 'y'"), (["word " * 9000], "Text 0 has 9,001 tokens, and .* takes 8,192"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused_before_anything_is_sent(texts: Any, said: str) -> None:
    with pytest.raises(errors.SettingsError, match=said):
        aoai.embed(texts)
    assert ledger.rows() == []


def test_any_iterable_of_texts_will_do() -> None:
    for texts in (iter(WINES), tuple(WINES), numpy.array(WINES), pandas.Index(WINES)):
        assert aoai.embed(texts, 8).texts == WINES


def test_on_azure_the_deployment_has_to_be_named(cloud: Any) -> None:
    aoai.connect(f"{cloud.url}/openai/v1/", api_key="k" * 32, deployment="chat")
    with pytest.raises(errors.SettingsError, match="No deployment for embeddings is named") as caught:
        aoai.embed("x")
    assert 'deployment="NAME"' in caught.value.fix
    assert cloud.asked == []


def test_a_chat_deployment_has_no_vectors_and_the_error_names_those_that_have() -> None:
    with pytest.raises(errors.RequestRefusedError, match="can't be asked for embeddings") as caught:
        aoai.embed("x", deployment="gpt-4o")
    assert caught.value.why == (
        "Of your deployments, text-embedding-ada-002, text-embedding-3-small, text-embedding-3-large can."
    )


def test_the_heat_map_names_its_rows() -> None:
    figure = aoai.embed(["red\nwine", "a $x$ " * 20, "bicycle"]).plot()
    assert isinstance(figure, Figure)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[0] == "red wine"
    assert len(names[1]) <= 30
    figure.canvas.draw()
    assert aoai.embed([f"text {number}" for number in range(60)], 8).plot().axes[0].get_yticklabels()


def test_progress_shows_nothing_where_it_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    with render.progress(0) as tell:
        tell("half", 0.5)
    aoai.embed("x")
    assert capsys.readouterr().out == ""


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=9), st.integers(1, 200_000)), min_size=1, max_size=30),
    st.none() | st.integers(1, 9),
)
def test_batches_are_all_texts_in_order_within_the_limits(texts: list[tuple[str, int]], minute: int | None) -> None:
    words, counts = [text for text, _ in texts], [count for _, count in texts]
    cuts = list(batches(words, counts, minute))
    assert [word for cut in cuts for word in words[cut]] == words
    for cut in cuts:
        alone = len(words[cut]) == 1
        assert alone or sum(counts[cut]) <= 300_000
        assert alone or minute is None or sum(map(len, words[cut])) <= 4 * minute
