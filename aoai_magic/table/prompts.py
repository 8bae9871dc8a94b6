"""The request of each row: templates filled in from its columns, and from nothing of another row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..catalog import Model
from ..errors import OptionError, TemplateError
from ..request import Message, chat_body
from ..templates import Template, absent
from .rows import Table


class Prompts:
    """The bodies of the requests for the rows of a table.

    The contents of all messages are templates; a name in them is a column's, else one of `names`, and `row` is the row
    as a whole. A word of `attach` that names a column stands for the row's own file, address or picture. Raises
    AoaiError where that would be the same request for every row.
    """

    def __init__(
        self,
        prompt: str | Sequence[Message],
        table: Table,
        deployment: str,
        model: Model | None,
        *,
        names: Mapping[str, Any],
        system: str | None = None,
        attach: object = (),
        detail: str | None = None,
        **options: Any,
    ) -> None:
        messages: list[Message] = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        if system is not None:
            messages.insert(0, {"role": "system", "content": system})
        contents = [one.get("content") for one in messages]
        own = [Template(content, detail) if isinstance(content, str) else None for content in contents]
        self._messages = list(zip(messages, own, strict=True))
        self._attach = list(attach) if isinstance(attach, list | tuple) else [] if attach is None else [attach]
        self._table, self._names, self._deployment, self._model = table, names, deployment, model
        self._absent = {name: absent(name, f"the row has no {name}") for name in table.columns if isinstance(name, str)}
        self._options = {**options, "detail": detail}
        if not any(one and one.is_open for one in own) and not any(self._is_column(one) for one in self._attach):
            raise TemplateError(
                "The prompt names no column, so that it would be the same for every row.",
                f"The table has {', '.join(map(str, table.columns[:12]))}.",
                f"Classify this: {_hole(table.columns[0])}",
            )

    def body(self, number: int) -> dict[str, Any]:
        """The body for the row of that number.

        Raises AoaiError where it can't be filled in, or its file not be read.
        """
        row = self._table.rows[number]
        names = {**self._names, "row": row, **self._absent}
        names |= (
            row
            if len(self._absent) == len(self._table.columns)
            else {name: row[name] for name in self._absent if name in row}
        )
        messages = [{**one, "content": own.fill(names)} if own else one for one, own in self._messages]
        content = messages[-1].get("content")
        if isinstance(content, str) and not content.strip() and not self._attach:
            raise OptionError(
                "The row's prompt is empty.",
                "Nothing is left of it where its columns are empty.",
                "Drop such rows first.",
            )
        attached = [self._own(one, row) for one in self._attach]
        return chat_body(messages, self._deployment, self._model, attach=attached, **self._options)

    def _is_column(self, thing: object) -> bool:
        return isinstance(thing, str) and thing in self._table.columns

    def _own(self, thing: Any, row: Mapping[str, Any]) -> Any:
        if not self._is_column(thing):
            return thing
        if thing not in row:
            raise TemplateError(f"The row has no {thing} to attach.")
        return row[thing]


def _hole(column: object) -> str:
    named = isinstance(column, str) and column.isidentifier()
    return f"{{{{ {column if named else f'row[{column!r}]'} }}}}"
