"""Endpoints as programs see them: arguments checked by type, documentation in the form that Gradio parses."""

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
_QUOTED = 60  # characters of a value that are repeated in an error


class Arguments:
    """Reads the arguments of a handler's call by its annotations; null stands for an omitted argument.

    Attributes:
        signature: The signature for Gradio, which treats a parameter as optional if its default is None.
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
        """Return the arguments of a call by name.

        Raises:
            ValueError: In one sentence, if an argument has another type.
        """
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return {name: self._read(name, value) for name, value in bound.arguments.items()}

    def _read(self, name: str, value: Any) -> Any:
        if value is None and name in self._defaults:
            return self._defaults[name]
        try:
            return self._readers[name].validate_python(value)
        except ValidationError as error:
            wanted = error.errors(include_url=False)[0]["msg"].removeprefix("Input should be ")
            raise InputError(f"'{name}' should be {wanted}; it was {json.dumps(value)[:_QUOTED]}.") from error


def documentation(handler: Callable[..., Any], notes: Mapping[str, str]) -> str:
    """Rewrite the docstring of a bound handler: without bound arguments, each entry on one line.

    Gradio reads the documentation of an argument up to the end of its line.

    Args:
        handler: The bound handler.
        notes: Argument -> sentence appended to its documentation.
    """
    known = inspect.signature(handler).parameters
    lines: list[str] = []
    places: dict[str, int] = {}
    section, keep = "", True
    for line in (inspect.getdoc(handler) or "").splitlines():
        text = line.strip()
        if text in _SECTIONS:
            section, keep = text, True
            lines.append(text)
        elif text:
            indent = len(line) - len(line.lstrip())
            if starts := section == "Args:" and indent == 4:
                name = text.partition(":")[0]
                keep = name in known
                places[name] = len(lines)
            if keep and (starts or not lines or lines[-1] in _SECTIONS):
                lines.append(f"    {text}" if section else text)
            elif keep:
                lines[-1] += f" {text}"
    for name in known:
        if name in places and (note := notes.get(name)):
            lines[places[name]] += f" {note}"
    return "\n".join(lines)


def as_json(answers: Sequence[Any], _root_url: str) -> list[TextContent]:
    """Encode the answer of an MCP tool as JSON; Gradio would use Python's repr.

    Args:
        answers: Plain values, one per output.
        _root_url: Base address of files in an answer; no endpoint answers with files.
    """
    from mcp.types import TextContent  # takes a second to import, and only the running server needs it

    return [TextContent(type="text", text=json.dumps(answer, ensure_ascii=False)) for answer in answers]
