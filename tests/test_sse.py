from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aoai_magic.sse import events

LINE = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n"))


def data(*blocks: bytes) -> list[str]:
    return [found for _, found in events(blocks)]


def test_each_blank_line_ends_an_event() -> None:
    assert data(b"data: one\n\ndata: two\n\n") == ["one", "two"]


def test_all_three_line_ends_are_understood() -> None:
    assert data(b"data: a\r\n\r\ndata: b\r\rdata: c\n\n") == ["a", "b", "c"]


def test_data_lines_of_one_event_are_joined() -> None:
    assert data(b"data: a\ndata: b\n\n") == ["a\nb"]


def test_only_one_space_after_the_colon_is_dropped() -> None:
    assert data(b"data:  a\n\n", b"data:b\n\n") == [" a", "b"]


def test_comments_and_other_fields_are_passed_over() -> None:
    assert data(b": ping\nid: 1\nretry: 5\ndata: a\n\n: pong\n\n") == ["a"]


def test_events_may_have_names() -> None:
    assert list(events([b"event: response.created\ndata: {}\n\n"])) == [("response.created", "{}")]


def test_an_event_that_breaks_off_is_dropped() -> None:
    assert data(b"data: whole\n\ndata: ha") == ["whole"]
    assert data(b"data: whole\n\ndata: half\n") == ["whole"]


def test_characters_may_be_cut_in_the_middle() -> None:
    raw = "data: naïve 日本\n\n".encode()
    assert data(*[raw[at : at + 1] for at in range(len(raw))]) == ["naïve 日本"]


@given(st.lists(LINE), st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(1, 9)))
def test_however_the_bytes_are_cut_the_events_are_the_same(texts: list[str], end: str, cuts: list[int]) -> None:
    raw = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    blocks, at = [], 0
    while at < len(raw):
        size = cuts[at % len(cuts)] if cuts else len(raw)
        blocks.append(raw[at : at + size])
        at += size
    assert data(*blocks) == texts


@given(st.lists(st.binary()))
def test_no_bytes_make_it_fail(blocks: list[bytes]) -> None:
    list(events(blocks))
