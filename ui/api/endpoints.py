"""Endpoints as programs see them: arguments read by their types, documentation in the form that Gradio reads."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import InputError

if TYPE_CHECKING:
    from mcp.types import TextContent

_SECTIONS = ("Args:", "Returns:")
_LONGEST = 60  # characters of a value that are said again


class Arguments:
    """Reads the arguments of a call of a handler by its annotations; null stands for what may be left out.

    Attributes:
        signature: Of the handler as Gradio has to see it, which takes a parameter for optional if its default is None.
    """

    def __init__(self, handler: Callable[..., Any]) -> None:
        self._signature = inspect.signature(handler)
        hints = typing.get_type_hints(inspect.unwrap(handler))
        self._readers = {name: TypeAdapter(hints[name]) for name in self._signature.parameters}
        self._defaults = {
            name: None if one.default is one.empty else one.default
            for name, one in self._signature.parameters.items()
            if one.default is not one.empty or type(None) in typing.get_args(hints[name])
        }
        shown = [
            one.replace(default=None) if name in self._defaults else one
            for name, one in self._signature.parameters.items()
        ]
        self.signature = self._signature.replace(parameters=shown)

    def read(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The arguments of a call by name.

        Raises:
            ValueError: In one sentence, if one is of another type.
        """
        given = self.signature.bind(*args, **kwargs)
        given.apply_defaults()
        return {name: self._read(name, value) for name, value in given.arguments.items()}

    def _read(self, name: str, value: Any) -> Any:
        if value is None and name in self._defaults:
            return self._defaults[name]
        try:
            return self._readers[name].validate_python(value)
        except ValidationError as error:
            wanted = error.errors(include_url=False)[0]["msg"].removeprefix("Input should be ")
            raise InputError(f"'{name}' should be {wanted}; it was {json.dumps(value)[:_LONGEST]}.") from error


def documentation(handler: Callable[..., Any], notes: Mapping[str, str]) -> str:
    """The docstring of a bound handler without what is bound, and with each entry on one line.

    Gradio reads an argument's documentation up to the end of its line.

    Args:
        handler: Bound.
        notes: Argument -> what is said of it at the end.
    """
    known = inspect.signature(handler).parameters
    lines: list[str] = []
    places: dict[str, int] = {}
    section, kept = "", True
    for line in (inspect.getdoc(handler) or "").splitlines():
        text = line.strip()
        if text in _SECTIONS:
            section, kept = text, True
            lines.append(text)
        elif text:
            indent = len(line) - len(line.lstrip())
            if starts := section == "Args:" and indent == 4:
                name = text.partition(":")[0]
                kept = name in known
                places[name] = len(lines)
            if kept and (starts or not lines or lines[-1] in _SECTIONS):
                lines.append(f"    {text}" if section else text)
            elif kept:
                lines[-1] += f" {text}"
    for name in known:
        if name in places and (note := notes.get(name)):
            lines[places[name]] += f" {note}"
    return "\n".join(lines)


def as_json(answers: Sequence[Any], _root_url: str) -> list[TextContent]:
    """What an MCP tool answers: JSON, where Gradio would write what Python prints.

    Args:
        answers: Plain values, one an output.
        _root_url: Where files of an answer would be served; no endpoint answers with files.
    """
    from mcp.types import TextContent  # a second to import, of which only the running server has use

    return [TextContent(type="text", text=json.dumps(answer, ensure_ascii=False)) for answer in answers]
