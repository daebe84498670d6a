"""Settings by name: `train.stages.heads.batch_size=8` in a configuration gives the one that differs in that field."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.config.build import Config
from pipeline.config.stages import ConfigError


def with_settings(config: Config, settings: Iterable[str]) -> Config:
    """The configuration with some fields changed, in order.

    Args:
        config: As it was.
        settings: FIELD=VALUE each. A field is named by its place, with dots; an entry of a tuple by its `name`, or
            counted from 0. A value is read by the field's type: a word, a number, true or false, words with commas
            between them, or JSON.

    Raises:
        ConfigError: In one sentence, if there is no such field (it names the nearest), or it takes another type or
            another value.
    """
    for setting in settings:
        place, equals, text = setting.partition("=")
        if not equals or not place:
            raise ConfigError(f"--set takes FIELD=VALUE, such as train.stages.heads.batch_size=8, not '{setting}'.")
        config = _changed(config, Config, place.split("."), _Setting(config, place, text))
    return config


@dataclass(frozen=True)
class _Setting:
    """One setting: the configuration before, the field's place, and its value as text."""

    config: Config
    place: str
    text: str

    def unknown(self) -> ConfigError:
        known = list(_places(self.config))
        (nearest,) = difflib.get_close_matches(self.place, known, n=1, cutoff=0.0)
        return ConfigError(f"There is no setting '{self.place}'; the nearest is '{nearest}'.")

    def refused(self, reason: str) -> ConfigError:
        return ConfigError(f"--set {self.place}={self.text}: {reason}.")


def _changed(value: Any, kind: Any, place: Sequence[str], setting: _Setting) -> Any:
    """The value of a type with what lies at a place below it replaced."""
    if not place:
        return _read(kind, setting)
    name, below = place[0], place[1:]
    if is_dataclass(value) and not isinstance(value, type):
        kinds = typing.get_type_hints(type(value))
        if name not in {field.name for field in fields(value)}:
            raise setting.unknown()
        return replace(value, **{name: _changed(getattr(value, name), kinds[name], below, setting)})
    if isinstance(value, tuple):
        number = _entry(value, name)
        if number is None:
            raise setting.unknown()
        entry = _changed(value[number], _kind_of_entry(kind, number), below, setting)
        return (*value[:number], entry, *value[number + 1 :])
    if value is None:
        raise setting.refused(f"there is nothing at '{setting.place[: -len('.'.join(place)) - 1]}' yet")
    raise setting.unknown()


def _entry(entries: tuple[Any, ...], name: str) -> int | None:
    """Which entry is meant by its name or number, None if there is none."""
    names = [getattr(entry, "name", None) for entry in entries]
    if name in names:
        return names.index(name)
    return int(name) if name.isascii() and name.isdigit() and int(name) < len(entries) else None


def _kind_of_entry(kind: Any, number: int) -> Any:
    """Type of an entry of a tuple."""
    (kind,) = [each for each in (kind, *typing.get_args(kind)) if typing.get_origin(each) is tuple][:1]
    kinds = typing.get_args(kind)
    return kinds[0] if kinds[-1] is Ellipsis else kinds[number]


def _read(kind: Any, setting: _Setting) -> Any:
    """The value that the text of a setting means for a field of a type."""
    if is_dataclass(kind):
        raise setting.refused(f"'{setting.place}' is a group of settings; name one of them, with a dot")
    if kind == tuple[str, ...] and not setting.text.startswith("["):
        return tuple(word.strip() for word in setting.text.split(",") if word.strip())
    adapter = TypeAdapter(kind)
    try:
        return _frozen(adapter.validate_json(setting.text, strict=True))
    except ValidationError as as_json:
        try:
            return _frozen(adapter.validate_strings(setting.text))
        except ValidationError:
            first = as_json.errors(include_url=False)[0]
            detail = "" if first["type"] == "json_invalid" else f" ({first['msg'][:1].lower()}{first['msg'][1:]})"
            raise setting.refused(f"it takes {_shown(kind)}{detail}") from as_json


def _frozen(value: Any) -> Any:
    """The value with tuples in place of lists, which JSON has."""
    return tuple(_frozen(each) for each in value) if isinstance(value, list | tuple) else value


def _shown(kind: Any) -> str:
    """A type as people write it."""
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind).replace("typing.", "")


def _places(value: Any, above: str = "") -> Iterator[str]:
    """The places of all fields below a value."""
    if is_dataclass(value):
        inner = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, tuple) and any(is_dataclass(entry) for entry in value):
        inner = {getattr(entry, "name", str(number)): entry for number, entry in enumerate(value)}
    else:
        yield above
        return
    for name, part in inner.items():
        yield from _places(part, f"{above}.{name}" if above else name)
