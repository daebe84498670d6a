"""What variants of a product differ in: columns of a table that hold it, and the values of all rows of a product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_VALUES = 50
"""Distinct values that are kept of an option."""
_MAX_CHARACTERS = 100
"""Of a name or a value; more is no option but a text."""


@dataclass(frozen=True)
class OptionColumn:
    """A column of an option's values.

    Attributes:
        values: Heading of the values.
        names: Heading of the option's name; "" where no column holds it.
        name: The name where no column holds it; "" for cells that hold names and values, or values that need none.
    """

    values: str
    names: str = ""
    name: str = ""


@dataclass
class OptionValues:
    """The options of one product, as its rows name them."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, columns: Sequence[OptionColumn], cells: Mapping[str, str]) -> None:
        """Take in a row: each new value joins those of its column, and the first name of a column counts."""
        for column in columns:
            value = cells.get(column.values, "").strip()
            name = cells.get(column.names, "").strip() if column.names else column.name
            if name and len(name) <= _MAX_CHARACTERS:
                self.names.setdefault(column.values, name)
            known = self.values.setdefault(column.values, {})
            is_text = len(value) > _MAX_CHARACTERS and bool(column.names or column.name)
            if value and not is_text and len(known) < MOST_VALUES:
                known[value] = None

    @property
    def text(self) -> str:
        """As in "Color: Red, Blue", a line for each option that has a value."""
        lines = []
        for heading, values in self.values.items():
            if values:
                name = self.names.get(heading, "")
                lines.append((f"{name}: " if name else "") + ", ".join(values))
        return "\n".join(lines)


def options_text(columns: Sequence[OptionColumn], cells: Mapping[str, str]) -> str:
    """The options of a row that is a product by itself."""
    if not columns:
        return ""
    options = OptionValues()
    options.add(columns, cells)
    return options.text
