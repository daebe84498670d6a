"""Shopify's mapping files: categories of one taxonomy or release with those of another that they correspond to.

Shopify publishes them as text ("→ A > B", "⇒ C > D") and as JSON, from a release to Google's taxonomy and from an
earlier release to a later one.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.artifacts import ArtifactError
from pipeline.errors import InputError
from pipeline.taxonomy.formats import split_lines, text_of
from pipeline.taxonomy.paths import normalize_path

_LOG = logging.getLogger(__name__)
_HEADING = re.compile(r"#.*\bMapping (\S+) to (\S+)")
_FROM, _TO = "→", "⇒"


@dataclass(frozen=True)
class Category:
    """A category that a mapping leads to; `id` is "" where the file gives none, as the text files do."""

    path: str
    id: str = ""


@dataclass(frozen=True)
class CategoryMapping:
    """What the categories of one taxonomy are in another.

    Attributes:
        source: Such as "shopify/2025-06".
        target: Such as "google/2021-09-21".
        by_path: Targets of a normalized path; several where a category was split.
        by_id: Targets of an id without its prefix ("aa-1-4"); empty for text files.
    """

    source: str
    target: str
    by_path: Mapping[str, tuple[Category, ...]] = field(default_factory=dict)
    by_id: Mapping[str, tuple[Category, ...]] = field(default_factory=dict)

    def find(self, path: str, identifier: str | None = None) -> tuple[Category, ...]:
        """The targets of a category, by its id where both have it, else by its path; () where it is not mapped."""
        known = self.by_id.get(_handle(identifier)) if identifier else None
        return known or self.by_path.get(path, ())

    def one(self, path: str, identifier: str | None = None) -> Category | None:
        """The target of a category, None where there is none or where there are several to choose from."""
        found = self.find(path, identifier)
        return found[0] if len(found) == 1 else None


def read_mappings(path: Path) -> list[CategoryMapping]:
    """Read a mapping file, text or JSON; a JSON file may hold several mappings.

    Raises:
        ArtifactError: If the file cannot be read; names the line or the place, the reason and what to do.
    """
    try:
        text = text_of(path.read_bytes())
        return _from_json(text) if text.lstrip()[:1] == "{" else [_from_text(split_lines(text))]
    except OSError as error:
        raise ArtifactError(f"The mapping {path} cannot be read ({error}); give one of Shopify's.") from error
    except InputError as error:
        raise ArtifactError(f"The mapping {path} cannot be read: {str(error).rstrip('.')}.") from error


def read_google_mapping(path: Path) -> CategoryMapping:
    """Read a mapping from Shopify's taxonomy to Google's.

    Raises:
        ArtifactError: If the file cannot be read, or has no such mapping or several.
    """
    mappings = read_mappings(path)
    found = [one for one in mappings if one.source.startswith("shopify/") and one.target.startswith("google/")]
    if len(found) == 1:
        return found[0]
    held = ", ".join(f"{one.source} to {one.target}" for one in mappings)
    raise ArtifactError(
        f"The mapping {path} must lead from Shopify's taxonomy to Google's once (it has: {held}); give "
        "shopify_VERSION_to_google_VERSION of Shopify's release."
    )


def choose_mapping(mappings: Sequence[CategoryMapping], version: str, path: Path) -> CategoryMapping:
    """The mapping that leads on from a release of Shopify's taxonomy.

    Args:
        mappings: Of a file.
        version: Of the release, such as "2024-10"; "" where it is not known.
        path: Of the file, for messages.

    Raises:
        ArtifactError: If there is none or, without a version, there are several.
    """
    shopify = [one for one in mappings if one.target.startswith("shopify/")]
    found = [one for one in shopify if _release(one.source) == version.removesuffix("-unstable")] or shopify
    if len(found) == 1:
        if version and _release(found[0].source) != version.removesuffix("-unstable"):
            _LOG.warning("the mapping %s is from %s, the taxonomy of release %s", path, found[0].source, version)
        return found[0]
    held = ", ".join(f"{one.source} to {one.target}" for one in mappings)
    raise ArtifactError(
        f"The mapping {path} does not lead from release '{version}' to another release once (it has: {held}); give "
        "shopify_OLD_to_shopify_NEW of Shopify's release."
    )


def _release(name: str) -> str:
    return name.rpartition("/")[2].removesuffix("-unstable")


def _handle(identifier: str) -> str:
    return identifier.rsplit("/", 1)[-1]


def _from_text(lines: Sequence[str]) -> CategoryMapping:
    headings = [match for line in lines if (match := _HEADING.match(line))]
    if not headings:
        raise InputError("line 1: it does not say '# … Mapping A to B'; give Shopify's file as it was published")
    rules: dict[str, list[Category]] = {}
    source = ""
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        sign, path = line[:1], _normal(line[1:], f"line {number}")
        if sign == _FROM:
            source = path
        elif sign == _TO and source:
            rules.setdefault(source, []).append(Category(path))
        else:
            raise InputError(f"line {number}: it begins with neither '{_FROM}' nor, after one, '{_TO}'; delete it")
    return CategoryMapping(headings[0][1], headings[0][2], {path: tuple(found) for path, found in rules.items()})


def _from_json(text: str) -> list[CategoryMapping]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is not whole JSON ({error}); download it again") from error
    if not isinstance(whole.get("mappings"), list):
        raise InputError("it is JSON without a list 'mappings'; give one of Shopify's mapping files")
    return [_mapping(one, f"mappings[{number}]") for number, one in enumerate(whole["mappings"])]


def _mapping(raw: Any, place: str) -> CategoryMapping:
    by_path: dict[str, tuple[Category, ...]] = {}
    by_id: dict[str, tuple[Category, ...]] = {}
    for number, rule in enumerate(_get(raw, "rules", list, place)):
        where = f"{place}.rules[{number}]"
        given, found = (_get(_get(rule, side, dict, where), "category", object, where) for side in ("input", "output"))
        source = _category(given, where)
        targets = tuple(_category(one, where) for one in (found if isinstance(found, list) else [found]) if one)
        by_path[source.path] = targets
        if source.id:
            by_id[_handle(source.id)] = targets
    names = [_get(raw, f"{side}_taxonomy", str, place) for side in ("input", "output")]
    return CategoryMapping(names[0], names[1], by_path, by_id)


def _category(raw: Any, place: str) -> Category:
    identifier = raw.get("id") if isinstance(raw, dict) else None
    return Category(_normal(_get(raw, "full_name", str, place), place), "" if identifier is None else str(identifier))


def _get(value: Any, name: str, kind: type, place: str) -> Any:
    found = value.get(name) if isinstance(value, dict) else None
    if name not in (value if isinstance(value, dict) else ()) or not isinstance(found, kind):
        raise InputError(f"{place}: it has no '{name}' as Shopify's mappings have; download the file again")
    return found


def _normal(path: str, place: str) -> str:
    try:
        return normalize_path(path)
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
