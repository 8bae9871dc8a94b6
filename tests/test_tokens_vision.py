from __future__ import annotations

import itertools
import math
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoai_magic import catalog, tokens
from aoai_magic.catalog import PatchRule, TileRule
from aoai_magic.errors import SettingsError
from aoai_magic.tokens.vision import ImageTokens, patches, tiles

# Every family of OpenAI's guide "Images and vision".
TILES = {
    "gpt-4o, gpt-4.1, gpt-4.5-preview, gpt-4-turbo": TileRule(85, 170),
    "gpt-4o-mini": TileRule(2833, 5667),
    "gpt-5": TileRule(70, 140),
    "o1, o3": TileRule(75, 150),
    "computer-use-preview": TileRule(65, 129),
    "gpt-image-1": TileRule(65, 129, short_side=512),
}
PATCHES = {
    "gpt-4.1-mini, gpt-5-mini, gpt-5.4-mini": PatchRule(1.62),
    "gpt-4.1-nano, gpt-5-nano, gpt-5.4-nano": PatchRule(2.46),
    "o4-mini": PatchRule(1.72),
    "gpt-5.2": PatchRule(1.2, documented=False),
    "gpt-5.4": PatchRule(1.2, (2500, 2048), (10_000, 6000), documented=False),
    "gpt-5.5": PatchRule(1.2, (2500, 2048), (10_000, 6000), auto="original", documented=False),
    "gpt-5.6-sol": PatchRule(1.2, (2500, 2048), (None, None), auto="original", documented=False),
}
RULES = TILES | PATCHES
BASE = {name.split(",")[0]: rule for name, rule in RULES.items()}

SIDES = [1, 2, 31, 32, 33, 511, 512, 513, 767, 768, 769, 1000, 1024, 1025, 1080, 1254, 1366, 1536, 1537]
SIDES += [1800, 1920, 2047, 2048, 2049, 2400, 3000, 4000, 6000, 6001, 8192, 20_000, 65_535, 100_000]
SIZES = list(itertools.product(SIDES, SIDES))

sides = st.integers(1, 100_000) | st.integers(1, 3000)
tile_rules = st.sampled_from(list(TILES.values()))
patch_rules = st.sampled_from(list(PATCHES.values()))


def count(width: int, height: int, rule: TileRule | PatchRule, detail: str) -> ImageTokens:
    return (tiles if isinstance(rule, TileRule) else patches)(width, height, rule, detail)  # type: ignore[arg-type]


def details(rule: TileRule | PatchRule) -> list[str]:
    return ["low", "high", "auto", *(["original"] if isinstance(rule, PatchRule) and rule.original else [])]


# Facts, 5.4. "Doc" marks what a document prints; the others were worked out by hand from the documented rule.
@pytest.mark.parametrize(
    ("family", "width", "height", "detail", "total"),
    [
        ("gpt-4o", 1024, 1024, "high", 765),  # doc
        ("gpt-4o", 2048, 4096, "high", 1105),  # doc
        ("gpt-4o", 4096, 8192, "low", 85),  # doc
        ("gpt-4o-mini", 2048, 4096, "high", 36835),  # doc
        ("gpt-4o-mini", 4096, 8192, "low", 2833),  # doc
        ("gpt-4o", 512, 512, "high", 255),
        ("gpt-4o", 768, 768, "high", 765),
        ("gpt-4o", 1920, 1080, "high", 1105),
        ("gpt-4o-mini", 1024, 1024, "high", 25501),
        ("gpt-4o-mini", 512, 512, "high", 8500),
        ("gpt-5", 1024, 1024, "high", 630),
        ("gpt-5", 2048, 4096, "high", 910),
        ("gpt-5", 2048, 4096, "low", 70),
        ("o1", 1024, 1024, "high", 675),
        ("o1", 2048, 4096, "high", 975),
        ("o1", 2048, 4096, "low", 75),
        ("computer-use-preview", 1024, 1024, "high", 581),
        ("computer-use-preview", 2048, 4096, "high", 839),
        ("gpt-image-1", 1024, 1024, "high", 194),
        ("gpt-image-1", 1024, 1536, "high", 323),
        ("gpt-4.1-mini", 1024, 1024, "high", 1659),  # 1658.88
        ("gpt-4.1-mini", 1800, 2400, "high", 2353),  # 2352.24
        ("gpt-4.1-mini", 512, 512, "high", 415),  # 414.72
        ("gpt-4.1-nano", 1024, 1024, "high", 2520),  # 2519.04
        ("gpt-4.1-nano", 1800, 2400, "high", 3572),  # 3571.92
        ("o4-mini", 1024, 1024, "high", 1762),  # 1761.28
        ("o4-mini", 1800, 2400, "high", 2498),  # 2497.44
        ("gpt-5.2", 1024, 1024, "high", 1229),  # 1228.8
        ("gpt-5.2", 1024, 1536, "high", 1844),  # 1536 patches, 1843.2
        ("gpt-5.6-sol", 4000, 3000, "original", 14100),
    ],
)
def test_worked_examples(family: str, width: int, height: int, detail: str, total: int) -> None:
    assert count(width, height, BASE[family], detail).total == total


@pytest.mark.parametrize(
    ("family", "width", "height", "detail", "resized", "number"),
    [
        ("o4-mini", 1024, 1024, "high", (1024, 1024), 1024),  # doc
        ("o4-mini", 1800, 2400, "high", (1056, 1408), 1452),  # doc
        ("o4-mini", 2048, 2048, "high", (1248, 1248), 1521),
        ("o4-mini", 3000, 1000, "high", (2048, 682), 1408),
        ("gpt-5.4", 1800, 2400, "high", (1368, 1824), 2451),
        ("gpt-5.4", 4000, 3000, "original", (3669, 2752), 9890),
        ("gpt-5.5", 4000, 3000, "auto", (3669, 2752), 9890),
        ("gpt-5.4", 1800, 2400, "auto", (1368, 1824), 2451),
        ("gpt-5.6-sol", 4000, 3000, "original", (4000, 3000), 11750),
        ("o4-mini", 2048, 1024, "low", (512, 256), 128),
    ],
)
def test_worked_examples_of_patches(
    family: str, width: int, height: int, detail: str, resized: tuple[int, int], number: int
) -> None:
    image = count(width, height, BASE[family], detail)
    assert (image.resized, image.patches) == (resized, number)


def naive_tiles(width: int, height: int, rule: TileRule, detail: str) -> int:
    """The guide's sentences, one after the other, in exact fractions."""
    if detail == "low":
        return rule.base
    w, h = Fraction(width), Fraction(height)
    if max(w, h) > 2048:
        w, h = w * 2048 / max(w, h), h * 2048 / max(w, h)
    if min(w, h) > rule.short_side:
        w, h = w * rule.short_side / min(w, h), h * rule.short_side / min(w, h)
    total = rule.base
    top = Fraction(0)
    while top < h:
        left = Fraction(0)
        while left < w:
            total += rule.per_tile
            left += 512
        top += 512
    return total


def naive_patches(width: int, height: int, rule: PatchRule, detail: str) -> int:
    """The guide's steps A to D in exact fractions; the floor of the one square root is found by trying."""
    budget, longest = {
        "low": (None, 512),
        "high": rule.high,
        "original": rule.original or (None, None),
        "auto": (rule.original or rule.high) if rule.auto == "original" else rule.high,
    }[detail]
    w, h = Fraction(width), Fraction(height)
    if longest is not None and max(w, h) > longest:
        w, h = w * longest / max(w, h), h * longest / max(w, h)
    whole_w, whole_h = max(1, math.floor(w)), max(1, math.floor(h))
    columns, rows = whole_patches(whole_w), whole_patches(whole_h)
    if budget is not None and columns * rows > budget:
        # floor(w s / 32), where s = sqrt(32² budget / (w h)), is the greatest k with k² <= budget w / h.
        across = down = 0
        while (across + 1) ** 2 <= budget * w / h:
            across += 1
        while (down + 1) ** 2 <= budget * h / w:
            down += 1
        scale = min(across * 32 / w, down * 32 / h)
        columns, rows = whole_patches(math.floor(w * scale)), whole_patches(math.floor(h * scale))
        assert columns * rows <= budget
    factor = Fraction(str(rule.multiplier))
    return math.ceil(columns * rows * factor)


def whole_patches(side: int) -> int:
    number, covered = 0, 0
    while covered < side:
        number, covered = number + 1, covered + 32
    return number


@pytest.mark.parametrize("family", RULES)
def test_totals_are_those_of_a_naive_count_in_exact_fractions(family: str) -> None:
    rule = RULES[family]
    assert len(SIZES) >= 500
    for width, height in SIZES:
        for detail in details(rule):
            naive = (
                naive_tiles(width, height, rule, detail)
                if isinstance(rule, TileRule)
                else naive_patches(width, height, rule, detail)
            )
            assert count(width, height, rule, detail).total == naive, (width, height, detail)


@given(sides, sides, tile_rules | patch_rules, st.data())
def test_a_picture_costs_the_same_on_its_side(
    width: int, height: int, rule: TileRule | PatchRule, data: st.DataObject
) -> None:
    detail = data.draw(st.sampled_from(details(rule)))
    upright, turned = count(width, height, rule, detail), count(height, width, rule, detail)
    assert upright.total == turned.total > 0
    assert upright.resized == turned.resized[::-1]


@given(sides, sides, tile_rules | patch_rules)
def test_low_is_never_dearer_than_high(width: int, height: int, rule: TileRule | PatchRule) -> None:
    assert count(width, height, rule, "low").total <= count(width, height, rule, "high").total


@given(sides, sides, st.integers(1, 9), tile_rules)
def test_the_same_picture_larger_is_never_cheaper_in_tiles(w: int, h: int, times: int, rule: TileRule) -> None:
    assert tiles(w, h, rule).total <= tiles(w * times, h * times, rule).total


@given(sides, sides, sides, sides)
def test_more_pixels_are_never_cheaper_where_nothing_limits(w: int, h: int, wider: int, higher: int) -> None:
    rule = PATCHES["gpt-5.6-sol"]
    assert patches(w, h, rule, "original").total <= patches(w + wider, h + higher, rule, "original").total


@given(sides, sides, patch_rules, st.data())
def test_limits_are_kept_and_nothing_is_enlarged(width: int, height: int, rule: PatchRule, data: st.DataObject) -> None:
    detail = data.draw(st.sampled_from(["high"] + (["original"] if rule.original else [])))
    budget, longest = rule.high if detail == "high" else rule.original or (None, None)
    image = patches(width, height, rule, detail)
    assert 1 <= image.patches <= (budget or math.inf)
    assert max(image.resized) <= (longest or math.inf)
    assert image.resized[0] <= width
    assert image.resized[1] <= height
    assert image.total == math.ceil(Fraction(str(rule.multiplier)) * image.patches)


@given(sides, sides, tile_rules)
def test_the_parts_add_up(width: int, height: int, rule: TileRule) -> None:
    image = tiles(width, height, rule)
    assert image.total == image.base + image.tiles * image.per_tile
    assert image.tiles == math.ceil(image.resized[0] / 512) * math.ceil(image.resized[1] / 512)
    assert max(image.resized) <= 2048
    assert min(image.resized) <= rule.short_side


@pytest.mark.parametrize("size", [(1, 1), (1, 100_000), (100_000, 1), (65_535, 65_535), (10**9, 10**9)])
def test_odd_sizes_are_counted_like_any_other(size: tuple[int, int]) -> None:
    for rule in RULES.values():
        for detail in details(rule):
            image = count(*size, rule, detail)
            assert image.total > 0
            assert min(image.resized) >= 1


def test_the_steps_tell_how_it_came_about() -> None:
    assert tokens.count_image(2048, 4096, "gpt-4o").steps == (
        "2048 x 4096 px is shrunk to 1024 x 2048, to fit into 2048 x 2048.",
        "1024 x 2048 px is shrunk to 768 x 1536, for a short side of 768.",
        "2 x 3 = 6 tiles of 512 x 512 px cover it.",
        "85 + 6 x 170 = 1,105 tokens.",
    )
    assert patches(1800, 2400, PATCHES["gpt-5.4"], "auto").steps == (
        "Auto is high detail for this model.",
        "1800 x 2400 px is shrunk to 1536 x 2048, for a long side of 2048.",
        "1536 x 2048 px is shrunk to 1368 x 1824: 3,072 patches are more than 2,500.",
        "43 x 57 = 2,451 patches of 32 x 32 px cover it.",
        "2,451 x 1.2 = 2,941.2, rounded up to 2,942 tokens.",
        "An estimate: the factor 1.2 was measured by others and is in no document.",
    )
    assert tiles(1, 1, TILES["gpt-5"], "low").steps == ("Low detail is a flat 70 tokens, whatever the size.",)


def test_what_no_document_settles_is_an_estimate_and_says_so() -> None:
    tile, known, measured = TILES["gpt-5"], PATCHES["o4-mini"], PATCHES["gpt-5.2"]
    assert not tiles(9, 9, tile).estimated
    assert not tiles(9, 9, tile, "low").estimated
    assert not patches(9, 9, known).estimated
    assert not patches(9, 9, known, "auto").estimated
    for image in (tiles(9, 9, tile, "auto"), patches(9, 9, known, "low"), patches(9, 9, measured)):
        assert image.estimated
        assert any("estimate" in step or "leaves the choice" in step for step in image.steps)


def test_auto_is_counted_as_high_where_the_model_chooses() -> None:
    assert tiles(3000, 2000, TILES["gpt-5"], "auto").total == tiles(3000, 2000, TILES["gpt-5"], "high").total


def test_a_product_with_a_floats_last_digit_is_not_rounded_up() -> None:
    assert 150 * 1.62 > 243
    assert patches(320, 480, PatchRule(1.62)).total == 243


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-2024-11-20", "gpt-4o-europe"])
def test_the_model_is_found_as_everywhere(model: str) -> None:
    assert tokens.count_image(1024, 1024, model).total == 765


@pytest.mark.parametrize("model", ["gpt-4p", "text-embedding-3-small", ""])
def test_a_model_without_a_rule_is_an_error(model: str) -> None:
    with pytest.raises(SettingsError) as error:
        tokens.count_image(1024, 1024, model)
    assert len(str(error.value).split("\n")) == 3


@pytest.mark.parametrize("detail", ["original", "High", "", "best"])
def test_a_detail_that_the_model_lacks_is_an_error(detail: str) -> None:
    for rule in (TILES["gpt-5"], PATCHES["gpt-5.2"]):
        with pytest.raises(SettingsError, match="has no detail"):
            count(9, 9, rule, detail)


@pytest.mark.parametrize("size", [(0, 9), (9, 0), (-9, 9)])
def test_a_picture_without_pixels_is_an_error(size: tuple[int, int]) -> None:
    for rule in RULES.values():
        with pytest.raises(SettingsError, match="can't be counted"):
            count(*size, rule, "high")


def test_rules_of_the_catalogue_are_those_of_the_guide() -> None:
    for family, rule in RULES.items():
        for name in family.split(", "):
            known = catalog.model(name)
            assert known, name
            assert known.vision == rule, name


def test_counting_is_quick() -> None:
    start = time.process_time()
    for width in range(1, 1001):
        patches(width * 7, 3000, PATCHES["gpt-5.4"])
    assert time.process_time() - start < 0.2
