"""Checks of JSON that was read from a file: types and ranges of every field, and an unchanged content.

`sealed` adds the hash of all other fields to a JSON object, so that a change of any value is detected.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from pipeline.artifacts import ArtifactError

T = TypeVar("T")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SEAL = "sha256"
MAY_BE_ABSENT = {"may_be_absent": True}
"""Metadata of a dataclass field with a default that files written before it do not have."""
_SHOWN = 40  # characters of a wrong value that are quoted


def read_object(text: bytes, what: str, advice: str) -> dict[str, Any]:
    """Parse the text of a JSON object.

    Args:
        text: UTF-8.
        what: Begins the sentence: the file, and what of it.
        advice: Ends it: what to do.

    Raises:
        ArtifactError: If it is not JSON, or not an object.
    """
    try:
        parsed = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{what} is damaged ({error}); {advice}.") from error
    if not isinstance(parsed, dict):
        raise ArtifactError(f"{what} is damaged (it holds no JSON object); {advice}.")
    return parsed


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def check_fields(kind: TypeAdapter[T], fields: Mapping[str, Any], what: str, advice: str) -> T:
    """Validate an object as the type of `kind`; only lists become tuples and whole numbers floats.

    Args:
        kind: What it is to be.
        fields: From `read_object`.
        what: Begins the sentence.
        advice: Ends it.

    Raises:
        ArtifactError: For the first field that is missing, of another type or out of range; names it.
    """
    try:
        return kind.validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "it"
        raise ArtifactError(f"{what} is damaged: {place} {_fault(first)}; {advice}.") from error


def _fault(error: Mapping[str, Any]) -> str:
    """Describe what is wrong with a value, in the words of pydantic, shortened."""
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "value_error":
        return f"is wrong ({error['ctx']['error']})"
    given = json.dumps(error["input"], ensure_ascii=False, default=str)
    shown = given if len(given) <= _SHOWN else given[: _SHOWN - 1] + "…"
    return f"{error['msg'].removeprefix('Input ')}, not {shown}"


def require_whole(value: Any, fields: Any, place: str, what: str, advice: str) -> None:
    """Check that JSON names every field of a dataclass, those with a default too unless they are `MAY_BE_ABSENT`.

    Args:
        value: The dataclass, or mappings and tuples of such.
        fields: The JSON that it was read from.
        place: Where in the file it stands.
        what: Begins the sentence.
        advice: Ends it.

    Raises:
        ArtifactError: Names the first field that is missing.
    """
    if dataclasses.is_dataclass(value):
        inner = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if field.name in fields or field.metadata != MAY_BE_ABSENT
        }
    else:
        inner = dict(value) if isinstance(value, Mapping) else {}
    for name, part in inner.items():
        if name not in fields:
            raise ArtifactError(f"{what} is damaged: {place}.{name} is missing; {advice}.")
        require_whole(part, fields[name], f"{place}.{name}", what, advice)


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object with the SHA-256 of its other fields; spaces and the order of the keys do not count."""
    rest = {name: part for name, part in value.items() if name != SEAL}
    written = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {**rest, SEAL: hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()}


def check_seal(fields: Mapping[str, Any], what: str, advice: str) -> None:
    """Check that an object was not changed since it was sealed.

    Raises:
        ArtifactError: If one of its values was changed.
    """
    if sealed(fields)[SEAL] != fields.get(SEAL):
        raise ArtifactError(f"{what} was changed after it was written (its own sha256 differs); {advice}.")
