"""An interrupt that comes where nothing else tells of it: while a cell is read, counted, or shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def short() -> Iterator[None]:
    """Within it, an interrupt is told in a line, and of a reply that is there already, where it is."""
    from ..current import last
    from ..errors import Interrupted

    before = last()
    try:
        yield
    except Interrupted:
        raise
    except KeyboardInterrupt:
        kept = "nothing had come yet." if last() is before else "the reply is kept (in aoai.last)."
        raise Interrupted(kept) from None
