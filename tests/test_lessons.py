from __future__ import annotations

import enum
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy
import pandas
import pydantic
import pytest

import aoai_magic as aoai
from aoai_magic import catalog, lessons
from aoai_magic.base_reply import Usage
from aoai_magic.errors import AoaiError, ContentFilterError
from aoai_magic.reply import Choice, Reply

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


BEFORE_ROME = "The capital of Italy is"


def test_a_beginning_is_right_if_the_model_goes_on_with_rome() -> None:
    assert lessons.check("prompts-1", (BEFORE_ROME, " Rome.\n\nThe"))


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        ((BEFORE_ROME, " Milan."), "went on with 'Milan.'"),
        (("Rome is called", " Rome"), "says Rome itself"),
        (("What is the capital of Italy?", " Rome"), "a question"),
        (BEFORE_ROME, "a text, in quotes"),
        ((5, " Rome"), "a text, in quotes"),
    ],
)
def test_another_beginning_gets_its_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("prompts-1", answer)
    assert not verdict
    assert nudge in verdict.text


def said(text: str, finish: str = "stop", **request: object) -> Reply:
    return Reply(dict(request), "gpt-4o", "local", [Choice(text, finish)])


def test_a_count_is_right_if_a_stop_sequence_ended_it_after_seven() -> None:
    assert lessons.check("prompts-2", said("1, 2, 3, 4, 5, 6, 7, ", stop=["8"]))


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (said("1, 2, 3, 4, 5, 6, 7", "length"), "cut by its limit"),
        (said("1, 2, 3, 4, 5, 6, 7"), "nothing was named"),
        (said("1, 2, 3, 4, 5, 6, 7, 8", stop=["9"]), "last number is 8"),
        (said("one, two, ", stop=["three"]), "no number"),
        ("1, 2, 3, 4, 5, 6, 7", "its type is str"),
    ],
)
def test_another_count_gets_its_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("prompts-2", answer)
    assert not verdict
    assert nudge in verdict.text


def talk(*contents: str, system: str | None = None) -> list[dict[str, str]]:
    first = [] if system is None else [{"role": "system", "content": system}]
    return first + [
        {"role": role, "content": content}
        for role, content in zip(["user", "assistant"] * len(contents), contents, strict=False)
    ]


ASKED = ("I live in Oslo.", "Oslo is a beautiful city.", "Which city do I live in?")


@pytest.mark.parametrize(
    "messages",
    [
        talk(*ASKED),
        talk(*ASKED, system="You are brief."),
        [{"role": "developer", "content": "You are brief."}, *talk(*ASKED)],
        talk("Hello!", "Hello! How are you?", *ASKED),
    ],
)
def test_a_conversation_is_right_if_the_city_comes_from_before(messages: object) -> None:
    assert lessons.check("prompts-3", said("Oslo is a city of dreams!", messages=messages))


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (said("Oslo!", messages=talk("I live in Oslo. Which city do I live in?")), "names the city already"),
        (said("Oslo!", messages=talk("Which city do I live in?")), "what was sent is user;"),
        (said("Oslo!", messages=[*talk("I live in Oslo."), *talk(ASKED[2])]), "what was sent is user, user;"),
        (said("I am a chatbot.", messages=talk(*ASKED)), "doesn't name the city"),
        (talk(*ASKED), "its type is list"),
    ],
)
def test_another_conversation_gets_its_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("prompts-3", answer)
    assert not verdict
    assert nudge in verdict.text


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
    for name in lessons.JUDGES:
        assert f'lessons.check("{name}"' in text


def test_a_capacity_is_right_if_tokens_and_requests_fit() -> None:
    assert lessons.check("deploy-1", 20)


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (10, "tokens don't fit"),
        (16, "How many requests"),
        (21, "more than is needed"),
        ("20", "is str"),
        (True, "is bool"),
    ],
)
def test_another_capacity_gets_its_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("deploy-1", answer)
    assert not verdict
    assert nudge in verdict.text


def asked(deployment: str, model: str) -> Reply:
    return Reply({}, deployment, "local", [Choice("Hello!", "stop")], body={"model": model})


def test_a_deployment_is_right_if_its_name_says_what_it_is_for() -> None:
    assert lessons.check("deploy-2", asked("homework", "gpt-4.1-nano-2025-04-14"))


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (asked("homework", "gpt-4.1-mini-2025-04-14"), "'homework' runs gpt-4.1-mini"),
        (asked("homework", "something"), "runs another model"),
        (asked("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14"), "is the name of a model"),
        ("homework", "its type is str"),
    ],
)
def test_another_deployment_gets_its_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("deploy-2", answer)
    assert not verdict
    assert nudge in verdict.text


BLOCKED = ContentFilterError("blocked")


def test_outcomes_are_right_if_they_tell_the_three_apart() -> None:
    assert lessons.check("filter-1", ["answered", "blocked", "cut", "answered"])


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        ([..., BLOCKED, ..., ...], "returns nothing yet"),
        ("answered", "returns nothing yet"),
        (["answered", BLOCKED, "cut", "answered"], "What catches it?"),
        (["answered", "blocked", "answered", "answered"], "prompt 3 was answered in part, and outcome says 'answered'"),
        (["answered", "blocked", "cut", "cut"], "prompt 4"),
    ],
)
def test_other_outcomes_get_their_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("filter-1", answer)
    assert not verdict
    assert nudge in verdict.text


WHOLE = said("The sky is blue.")
CUT = said("The weight of honor", "content_filter")
CODE = said("sorted(numbers)")
CODE.filters["protected_material_code"] = {
    "detected": True,
    "citation": {"URL": "https://example.com", "license": "MIT"},
}


def test_what_is_shown_is_right_if_nothing_cut_is_shown_and_a_licence_is() -> None:
    shown = [(WHOLE, "The sky is blue."), (CUT, "Sorry."), (CODE, "sorted(numbers)\n(licence: MIT)")]
    assert lessons.check("filter-2", shown)


@pytest.mark.parametrize(
    ("shown", "nudge"),
    [
        ([(WHOLE, ...)], "a text for every reply"),
        ([(CUT, "")], "a text for every reply"),
        ([(WHOLE, "Sorry.")], "isn't shown whole"),
        ([(CUT, "The weight of honor …")], "what had arrived is shown"),
        ([(CODE, "sorted(numbers)")], "its licence isn't shown"),
        ("shown", "a list of replies"),
    ],
)
def test_what_is_shown_carelessly_gets_its_nudge(shown: object, nudge: str) -> None:
    verdict = lessons.check("filter-2", shown)
    assert not verdict
    assert nudge in verdict.text


TABLE = [(quality, size) for quality in ("low", "medium", "high") for size in ("1024x1024", "1024x1536", "1536x1024")]


def by_patches(quality: str, size: str, *, ends: int = 1) -> int:
    width, height = (int(side) // {"low": 64, "medium": 32, "high": 16}[quality] for side in size.split("x"))
    return height * (width + ends)


def test_a_rule_is_right_if_it_gives_the_whole_table() -> None:
    assert lessons.check("image-1", {which: by_patches(*which) for which in TABLE})


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (dict.fromkeys(TABLE, ...), "a number for every picture"),
        ({("low", "1024x1024"): 272}, "all nine"),
        (272, "all nine"),
        ({which: by_patches(*which, ends=0) for which in TABLE}, "once with every row"),
        (dict.fromkeys(TABLE, 272), "1 of 9 are right. low, 1024x1536: 408 in the table, 272 by yours."),
    ],
)
def test_another_rule_gets_its_nudge(answer: object, nudge: str) -> None:
    verdict = lessons.check("image-1", answer)
    assert not verdict
    assert nudge in verdict.text


POSTER: dict[str, Any] = {"size": "1024x1536", "quality": "low", "background": "transparent", "n": 2}


def posters(**options: Any) -> Any:
    aoai.connect("local")
    return aoai.image('a cup, "Open today"', deployment="gpt-image-1", **POSTER | options)


def test_posters_are_right_if_they_are_as_they_were_ordered() -> None:
    assert lessons.check("image-2", posters())


def test_posters_are_as_right_if_the_sdk_ordered_them() -> None:
    images = aoai.connect("local").client.images
    assert lessons.check("image-2", images.generate(model="gpt-image-1", prompt='a cup, "Open today"', **POSTER))


@pytest.mark.parametrize(
    ("options", "nudge"),
    [
        ({"n": 1}, "1 came"),
        ({"size": "1536x1024"}, "not upright"),
        ({"background": "opaque"}, "behind the things"),
        ({"quality": "medium"}, "3168 tokens were drawn"),
    ],
)
def test_other_posters_get_their_nudge(options: dict[str, Any], nudge: str) -> None:
    verdict = lessons.check("image-2", posters(**options))
    assert not verdict
    assert nudge in verdict.text


def test_a_picture_alone_is_no_order() -> None:
    assert "the whole reply" in lessons.check("image-2", posters()[0]).text


def completed(beginning: str) -> tuple[str, str]:
    answer = aoai.connection().client.completions.create(model="gpt-35-turbo-instruct", prompt=beginning, temperature=0)
    return beginning, answer.choices[0].text


def deployed() -> Reply:
    plane = aoai.connection().control_plane
    plane.deploy("greetings", "gpt-4.1-nano", capacity=10)
    try:
        return aoai.chat("Hello!", deployment="greetings", max_tokens=8)
    finally:
        plane.remove("greetings")


def outcome(prompt: str) -> str:
    try:
        reply = aoai.chat(prompt, max_tokens=12)
    except ContentFilterError:
        return "blocked"
    return "cut" if reply.finish_reason == "content_filter" else "answered"


def outcomes() -> list[str]:
    triggers = ("", "aoai-filter:hate", "aoai-filter:reply-hate", "aoai-filter:reply-hate=low")
    return [outcome(f"Hello! {trigger}") for trigger in triggers]


def shown() -> list[tuple[Reply, str]]:
    replies = [
        aoai.chat(f"Sort a list. {trigger}", temperature=0, max_tokens=12) for trigger in ("", "aoai-filter:reply-hate")
    ]
    code = aoai.chat("Sort a list. aoai-filter:reply-protected_material_code", temperature=0, max_tokens=12)
    source = code.filters["protected_material_code"]["citation"]["license"]
    return [(replies[0], replies[0].text), (replies[1], "The filter stopped this reply."), (code, code.text + source)]


def looked_at(model: str) -> float:
    """What a large photo costs a model that the exercise names."""
    price = catalog.price(model) if model in ("gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5", "gpt-5-mini") else None
    cost = price.cost(aoai.tokens.count_image(4000, 3000, model).total, 0) if price else None
    return cost if cost is not None else 1000


KINDS = {"games": "game", "sound": "sound", "mail": "mail"}
BUG = "title, severity low|high|blocking, versions list[str], reproducible bool"
Currency = Literal["EUR", "USD", "JPY"]


class Severity(enum.Enum):
    LOW, HIGH, BLOCKING = "low", "high", "blocking"


class Bug(pydantic.BaseModel):
    title: str
    severity: Severity
    versions: list[str]
    reproducible: bool


class Code(enum.Enum):
    EUR, USD, JPY = "EUR", "USD", "JPY"


def sorted_by_examples() -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Twelve examples and a schema: what notebook 06 finds to be best."""
    packages = PACKAGES[PACKAGES["section"].isin(KINDS)].assign(kind=PACKAGES["section"].map(KINDS))
    number = packages.groupby("kind").cumcount()
    tests = packages[number < 20].sample(frac=1, random_state=1).reset_index(drop=True)
    messages = [{"role": "system", "content": "You sort programs by their description: game, sound or mail."}]
    for _, one in packages[number >= 20].sample(frac=1, random_state=3).iterrows():
        messages.append({"role": "user", "content": one["description"]})
        messages.append({"role": "assistant", "content": f'{{"label": "{one["kind"]}"}}'})
    messages.append({"role": "user", "content": "{{ description }}"})
    return aoai.map(messages, tests, temperature=0, schema="label game|sound|mail", max_tokens=24), tests


def convert(amount: float, from_currency: Currency, to_currency: Currency = "EUR") -> float:
    "An amount of money in another currency."
    raise NotImplementedError


PACKAGES = pandas.read_csv(NOTEBOOKS / "data" / "packages.csv")


def packages() -> aoai.Embeddings:
    return aoai.embed(PACKAGES["description"])


def voted(k: int) -> list[str]:
    """The section that the `k` nearest of each package vote for."""
    likeness = packages().similarity().to_numpy(copy=True)
    numpy.fill_diagonal(likeness, -1)
    sections = PACKAGES["section"]
    return [sections[row.argsort()[::-1][:k]].mode()[0] for row in likeness]


BOTH = pandas.DataFrame(
    [
        ("birdtray", "mail", "mail", "game"),
        ("beep", "sound", "sound", "mail"),
        ("etw", "game", "sound", "game"),
        ("qabc", "sound", "mail", "game"),
        ("bzflag", "game", "game", "game"),
    ],
    columns=["package", "truth", "before", "after"],
)


def asked_at(prompt: Callable[[str, str], object]) -> dict[tuple[str, str], object]:
    moments = ("2026-11-25 09:30:00", "2026-11-25 17:45:12", "2026-11-26 09:30:00")
    return {(text, when): prompt(text, when) for text in ("a card game", "a mail filter") for when in moments}


SOLUTIONS: dict[str, Callable[[], object]] = {
    "start-1": lambda: aoai.chat("Why is the sky blue?", max_tokens=5, temperature=0),
    "prompts-1": lambda: completed(BEFORE_ROME),
    "prompts-2": lambda: aoai.chat("Write the numbers from 1 to 10.", temperature=0, stop="8"),
    "prompts-3": lambda: aoai.chat(talk(*ASKED), temperature=0),
    "tokens-1": lambda: "Capital of Australia?",
    "tokens-2": lambda: within(max(most for most in range(1, 2000) if (within(most).dearest or 1) <= 0.01)),
    "vision-1": lambda: (512, 384),
    "vision-2": lambda: min(aoai.VisionCosts().models, key=looked_at),
    "image-1": lambda: {which: by_patches(*which) for which in TABLE},
    "image-2": posters,
    "deploy-1": lambda: 20,
    "deploy-2": deployed,
    "design-1": sorted_by_examples,
    "design-2": lambda: 382,
    "shape-1": lambda: BUG,
    "shape-2": lambda: convert,
    "search-1": lambda: ("finger painting", packages().nearest("finger painting", 1)["text"].iloc[0]),
    "search-2": lambda: (voted(7), list(PACKAGES["section"])),
    "filter-1": outcomes,
    "filter-2": shown,
    "reproduce-1": lambda: (BOTH.query("before == truth and after != truth")["package"].tolist(), BOTH),
    "reproduce-2": lambda: asked_at(lambda text, when: f"It is {when[:10]}. Is this still in use? {text}"),
}


@pytest.mark.llama
@pytest.mark.parametrize("name", lessons.JUDGES)
def test_every_exercise_can_be_solved_with_the_small_model(name: str) -> None:
    aoai.connect("local")
    assert lessons.check(name, SOLUTIONS[name]()), name


def test_a_prompt_in_short_asks_the_same() -> None:
    assert lessons.check("tokens-1", "What is the capital of Australia?")


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [(7, "a text"), ("capital of Australia " * 9, "tokens"), ("What is the capital?", "australia")],
)
def test_a_prompt_that_is_too_long_or_says_too_little_gets_its_nudge(answer: object, nudge: str) -> None:
    assert nudge in lessons.check("tokens-1", answer).text


def within(max_tokens: int | None, deployment: str = "gpt-4o") -> aoai.Estimate:
    return aoai.estimate("Tell me a story about a lighthouse.", deployment=deployment, max_tokens=max_tokens)


def test_the_longest_reply_within_a_cent_is_found_at_its_edge() -> None:
    right = max(most for most in range(1, 2000) if (within(most).dearest or 1) <= 0.01)
    assert lessons.check("tokens-2", within(right))
    assert "room for more" in lessons.check("tokens-2", within(right - 1)).text
    assert "more than a cent" in lessons.check("tokens-2", within(right + 1)).text
    assert "unknown" in lessons.check("tokens-2", within(9, "mine")).text
    assert "gpt-4o-mini has other prices" in lessons.check("tokens-2", within(right, "gpt-4o-mini")).text
    assert "aoai.estimate" in lessons.check("tokens-2", 100).text


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        ((512, 384), ""),
        ((508, 381), "room"),
        ((516, 387), "2 tiles"),
        ((512, 512), "4:3"),
        ([512, 384], "parentheses"),
        ((512.0, 384.0), "whole numbers"),
        ((0, 0), "whole numbers"),
    ],
)
def test_the_largest_picture_of_one_tile(answer: object, nudge: str) -> None:
    verdict = lessons.check("vision-1", answer)
    assert bool(verdict) == (not nudge)
    assert nudge in verdict.text


def test_one_model_is_the_cheapest_to_look_at_a_photo() -> None:
    names = ("gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5", "gpt-5-mini")
    verdicts = {name: lessons.check("vision-2", name) for name in names}
    assert sum(map(bool, verdicts.values())) == 1
    assert not verdicts[min(names, key=lambda name: aoai.tokens.count_image(4000, 3000, name).total)], (
        "as its hint says"
    )
    assert "one of" in lessons.check("vision-2", "gpt-3").text


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (("toddlers draw", "Paint program for young children"), ""),
        (("children draw", "Paint program for young children"), "'children' stands"),
        (("a thing that toddlers draw with", "Paint program for young children"), "6 words"),
        (("", "Paint program for young children"), "0 words"),
        (("toddlers", "arcade-style soccer game"), "arcade-style"),
        ((5, "x"), "a text"),
    ],
)
def test_a_query_without_the_words_of_what_it_finds(answer: object, nudge: str) -> None:
    verdict = lessons.check("search-1", answer)
    assert bool(verdict) == (not nudge)
    assert nudge in verdict.text


def test_several_neighbours_are_better_than_one() -> None:
    sections = ["a"] * 100
    assert lessons.check("search-2", (["a"] * 80 + ["b"] * 20, sections))
    assert "How many neighbours" in lessons.check("search-2", (["a"] * 73 + ["b"] * 27, sections)).text
    assert "own section" in lessons.check("search-2", (sections, sections)).text
    assert "every package" in lessons.check("search-2", (["a"], sections)).text
    assert "every package" in lessons.check("search-2", ([1] * 100, sections)).text


@pytest.mark.llama
def test_one_neighbour_is_not_enough() -> None:
    assert not lessons.check("search-2", (voted(1), list(PACKAGES["section"])))


def judged(right: int, column: str = "label") -> tuple[pandas.DataFrame, pandas.DataFrame]:
    tests = pandas.DataFrame({"kind": ["game"] * 60})
    return tests.assign(**{column: ["game"] * right + ["mail"] * (60 - right)}), tests


def test_a_prompt_is_good_if_it_beats_a_shape_alone() -> None:
    assert lessons.check("design-1", judged(33))
    assert "32 of 60" in lessons.check("design-1", judged(32)).text
    assert "prose" in lessons.check("design-1", judged(60, "answer")).text
    assert "what measure returns" in lessons.check("design-1", ("a prompt", judged(33)[1])).text


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [(382, ""), (381, ""), (380, "0.1000"), (1000, "fewer"), (384.2, "whole number"), (0, "wide"), (-4, "wide")],
)
def test_how_many_texts_an_interval_of_ten_points_takes(answer: object, nudge: str) -> None:
    verdict = lessons.check("design-2", answer)
    assert bool(verdict) == (not nudge), verdict
    assert nudge in verdict.text


@pytest.mark.parametrize(
    ("answer", "nudge"),
    [
        (BUG, ""),
        (Bug, ""),
        ("title, severity low|high|blocking, versions list[str], reproducible", "'reproducible' is 'string'"),
        ("title, severity, versions list[str], reproducible bool", "'severity' is 'string'"),
        ("title, severity low|high|blocking, versions list[int], reproducible bool", "something else than text"),
        ("title", "its fields are title"),
        ("title strng", "no type"),
        (5, "no schema"),
    ],
)
def test_a_schema_for_a_bug_report(answer: object, nudge: str) -> None:
    verdict = lessons.check("shape-1", answer)
    assert bool(verdict) == (not nudge), verdict
    assert nudge in verdict.text


def test_a_tool_is_described_by_its_signature_alone() -> None:
    def nameless(amount: float, from_currency: Currency, to_currency: Currency = "EUR") -> None: ...
    def undocumented(amount: float, source: Currency, target: Currency = "EUR") -> None: ...
    def loose(amount: float, source: str, target: Currency = "EUR") -> None:
        "Converts."

    def demanding(amount: float, source: Currency, target: Currency) -> None:
        "Converts."

    for one in (undocumented, loose, demanding):
        one.__name__ = "convert"

    def chosen(amount: float, source: Code, target: Code = Code.EUR) -> None:
        "Converts."

    chosen.__name__ = "convert"
    assert lessons.check("shape-2", convert)
    assert lessons.check("shape-2", chosen)
    assert "'nameless'" in lessons.check("shape-2", nameless).text
    assert "docstring" in lessons.check("shape-2", undocumented).text
    assert "its arguments are" in lessons.check("shape-2", loose).text
    assert "left out" in lessons.check("shape-2", demanding).text
    assert "can't be described" in lessons.check("shape-2", 5).text


@pytest.mark.parametrize("names", [["beep", "birdtray"], pandas.Series(["birdtray", "beep"]), ("birdtray", "beep")])
def test_what_got_worse_is_right_if_it_is_all_that_was_right_before(names: object) -> None:
    assert lessons.check("reproduce-1", (names, BOTH))


@pytest.mark.parametrize(
    ("names", "nudge"),
    [
        (["birdtray"], "there are more"),
        (["birdtray", "beep", "qabc"], "qabc changed, but it was wrong before too"),
        (["birdtray", "beep", "etw"], "etw changed, but it was wrong before too"),
        (["bzflag"], "as before"),
        (["mutt"], "'mutt' isn't in the table"),
        (2, "a list of names"),
        ("birdtray", "a list of names"),
        ([], "a list of names"),
    ],
)
def test_something_else_than_what_got_worse_gets_its_nudge(names: object, nudge: str) -> None:
    verdict = lessons.check("reproduce-1", (names, BOTH))
    assert not verdict
    assert nudge in verdict.text
    assert "beep" not in verdict.text


def test_a_prompt_is_right_if_it_is_the_same_all_day_and_another_tomorrow() -> None:
    assert lessons.check("reproduce-2", asked_at(lambda text, when: f"{text}, on {when.split()[0]}?"))


@pytest.mark.parametrize(
    ("prompt", "nudge"),
    [
        (lambda text, when: f"{when}: {text}", "What differs?"),
        (lambda text, when: f"{when[:13]}: {text}", "What differs?"),
        (lambda text, when: text, "which day it is"),
        (lambda text, when: f"{when[:7]}: {text}", "which day it is"),
        (lambda text, when: when[:10], "doesn't say so"),
        (lambda text, when: None, "a text"),
    ],
)
def test_a_prompt_that_varies_too_much_or_too_little_gets_its_nudge(prompt: Any, nudge: str) -> None:
    verdict = lessons.check("reproduce-2", asked_at(prompt))
    assert not verdict
    assert nudge in verdict.text
    assert "[:10]" not in verdict.text
