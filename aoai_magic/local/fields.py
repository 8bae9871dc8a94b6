"""The fields of a request's body, read one by one; what can't be is refused as the service refuses it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from .azure_errors import AzureError, invalid_request

_KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_MOST_STRINGS = 16


class Fields:
    """A JSON object whose fields are read by name; null is the same as absent.

    Each reader returns its default where the field is absent, and raises AzureError (400, with the field's name in
    `param`) where its value can't be. `at` is the path of the object itself, for the names in messages.

    >>> Fields({"n": 3}).integer("n", 1, least=1, most=128)
    3
    """

    def __init__(self, values: dict[str, Any], at: str = "") -> None:
        self._values, self._at = values, at

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def path(self, name: str) -> str:
        """The field's full name, as messages have it: "response_format.json_schema.name"."""
        return f"{self._at}.{name}" if self._at else name

    def values(self) -> dict[str, Any]:
        """The object itself."""
        return self._values

    def raw(self, name: str) -> Any:
        """The field as it came, None where it is absent."""
        return self._values.get(name)

    def refuse_unknown(self, known: Collection[str], *, newer: bool = False) -> None:
        """Refuse fields of other names than the known ones, in the words of chat's age or of the newer APIs."""
        for name in self._values:
            if name not in known:
                if newer:
                    path = self.path(name)
                    raise invalid_request(f"Unknown parameter: '{path}'.", path, "unknown_parameter")
                raise invalid_request(f"Unrecognized request argument supplied: {name}")

    def required(self, name: str) -> Any:
        """The field as it came; refused where it is absent."""
        if name not in self:
            raise invalid_request(
                f"Missing required parameter: '{self.path(name)}'.", self.path(name), "missing_required_parameter"
            )
        return self._values[name]

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong_type(name, "a boolean")
        return value

    def text(self, name: str, default: str = "", *, longest: int | None = None) -> str:
        value = self._values.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self.wrong_type(name, "a string")
        if longest is not None and len(value) > longest:
            raise invalid_request(
                f"Invalid '{self.path(name)}': string too long. Expected a string with maximum length {longest}, "
                f"but got a string with length {len(value)} instead.",
                self.path(name),
                "string_above_max_length",
            )
        return value

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        value = self.text(name, default)
        if value not in options:
            raise self.unsupported(name, value, options)
        return value

    def unsupported(self, name: str, value: object, options: Sequence[str]) -> AzureError:
        """The refusal of a value that is none of the options."""
        return invalid_request(
            f"Invalid value: '{value}'. Supported values are: {listed(options)}.", self.path(name), "invalid_value"
        )

    def integer(self, name: str, default: int = 0, *, least: int | None = None, most: int | None = None) -> int:
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type(name, "an integer")
        self._bounded(name, value, least, most, "integer")
        return value

    def decimal(self, name: str, default: float, *, least: float, most: float) -> float:
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong_type(name, "a decimal")
        self._bounded(name, value, least, most, "decimal")
        return float(value)

    def array(self, name: str, *, least: int = 0, most: int | None = None, of: str = "") -> list[Any]:
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong_type(name, f"an array of {of}" if of else "an array")
        if len(value) < least:
            raise invalid_request(
                f"Invalid '{self.path(name)}': empty array. Expected an array with minimum length {least}, "
                "but got an empty array instead.",
                self.path(name),
                "empty_array",
            )
        if most is not None and len(value) > most:
            raise invalid_request(
                f"Invalid '{self.path(name)}': array too long. Expected an array with maximum length {most}, "
                f"but got an array with length {len(value)} instead.",
                self.path(name),
                "array_above_max_length",
            )
        return value

    def object(self, name: str) -> Fields:
        """The field's own fields; none where it is absent."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.wrong_type(name, "an object")
        return Fields(value or {}, self.path(name))

    def strings(self, name: str) -> dict[str, str]:
        """An object of at most 16 strings; empty where it is absent."""
        fields = self.object(name)
        if len(fields.values()) > _MOST_STRINGS:
            raise invalid_request(
                f"Invalid '{self.path(name)}': too many properties. Expected an object with at most {_MOST_STRINGS} properties, "
                f"but got an object with {len(fields.values())} properties instead.",
                self.path(name),
                "object_above_max_properties",
            )
        for key, value in fields.values().items():
            if not isinstance(value, str):
                raise fields.wrong_type(key, "a string")
        return fields.values()

    def objects(self, name: str, *, least: int = 0, most: int | None = None) -> list[Fields]:
        """The fields of each object in an array."""
        found = []
        for index, value in enumerate(self.array(name, least=least, most=most, of="objects")):
            at = f"{self.path(name)}[{index}]"
            if not isinstance(value, dict):
                raise _wrong_type(at, "an object", value)
            found.append(Fields(value, at))
        return found

    def wrong_type(self, name: str, expected: str) -> AzureError:
        """The refusal of a field that has another type than the expected one."""
        return _wrong_type(self.path(name), expected, self._values.get(name))

    def _bounded(self, name: str, value: float, least: float | None, most: float | None, kind: str) -> None:
        # Written so that NaN, which compares with nothing, is outside.
        if least is not None and not value >= least:
            side, bound, sign, code = "below minimum", least, ">=", "below_min"
        elif most is not None and not value <= most:
            side, bound, sign, code = "above maximum", most, "<=", "above_max"
        else:
            return
        raise invalid_request(
            f"Invalid '{self.path(name)}': {kind} {side} value. Expected a value {sign} {bound}, but got {value} instead.",
            self.path(name),
            f"{kind}_{code}_value",
        )


def listed(options: Sequence[str]) -> str:
    """Options as messages list them.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ("'a'", "'a' and 'b'", "'a', 'b', and 'c'")
    """
    *others, last = (f"'{option}'" for option in options)
    comma = "," if len(others) > 1 else ""
    return f"{', '.join(others)}{comma} and {last}" if others else last


def _wrong_type(path: str, expected: str, value: object) -> AzureError:
    found = _KINDS.get(type(value), "an unknown type")
    return invalid_request(
        f"Invalid type for '{path}': expected {expected}, but got {found} instead.", path, "invalid_type"
    )
