"""How long a sketch takes to draw, in seconds of CPU."""

from __future__ import annotations

import time

import pytest

from aoai_magic.local import sketch


@pytest.mark.parametrize(("width", "height", "limit"), [(1024, 1024, 1.0), (1536, 1024, 2.0), (2048, 2048, 4.0)])
@pytest.mark.parametrize(
    "prompt",
    [
        "a lighthouse on a rocky coast at sunset, watercolor",
        "a city at night in the rain with thirty trees",
        "100 cats in the forest, pencil sketch",
        "the unbearable lightness of being",
    ],
)
def test_pictures_are_drawn_in_time(prompt: str, width: int, height: int, limit: float) -> None:
    def once() -> float:
        started = time.process_time()
        sketch.draw(prompt, width=width, height=height, quality="high")
        return time.process_time() - started

    assert min(once() for _ in range(3)) < limit
