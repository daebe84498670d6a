"""Finds which headings of a table hold our fields: by a column map, by a shop system's profile, or by their words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.data.language import LANGUAGE_NAMES
from pipeline.data.sources.base import COLUMNS, CONTENT_COLUMNS, SourceError, UnknownHeadingError
from pipeline.data.sources.files.base import fold_heading
from pipeline.data.sources.profiles.guesses import GUESSES
from pipeline.data.sources.profiles.options import OptionColumn
from pipeline.data.sources.profiles.systems import PROFILES, Profile

FIELDS = (*COLUMNS, "product_id", "split")
"""Those that a column map can name."""
_OURS_ALONE = ("product_title", "product_image", "ground_truth_category")
"""Headings that no shop system writes."""
_GUESSES = {name: tuple(map(fold_heading, words)) for name, words in GUESSES.items()}
_OPTIONS = tuple((word, "") for word in _GUESSES["options"])
_NAMELESS = frozenset(("options", "option", "variants", "variant", "attributes"))
"""Headings of options that are no name of one."""
_MAX_SHOWN = 40
_LOCALE = re.compile(rf"[ .:]+\(?(?:default|(?:{'|'.join(LANGUAGE_NAMES)})(?:[ .]+[a-z]{{2}})?)\)?$")
"""Language behind a heading, as systems with texts in several languages write it."""


@dataclass(frozen=True)
class Mapped:
    """The headings of each field that a table has, and the profile that it is read by.

    Attributes:
        columns: Headings by field, the first filled cell of which counts.
        profile: None for a plain table.
        guessed: Fields whose headings were guessed by their words.
        options: Columns of options, all of which count.
    """

    columns: Mapping[str, tuple[str, ...]]
    profile: Profile | None
    guessed: frozenset[str] = field(default_factory=frozenset)
    options: tuple[OptionColumn, ...] = ()

    def value(self, cells: Mapping[str, str], name: str) -> str:
        """The first filled cell of a field, "" if there is none."""
        for heading in self.columns.get(name, ()):
            value = cells.get(heading, "")
            if value and not value.isspace():
                return value
        return ""

    @property
    def headings(self) -> dict[str, tuple[str, ...]]:
        """All headings that are read, by field."""
        columns = {name: headings for name, headings in self.columns.items() if name != "options"}
        options = tuple(heading for one in self.options for heading in (one.names, one.values) if heading)
        return {**columns, "options": options} if options else columns

    @property
    def said(self) -> str:
        """What is read as what, for the log."""
        read = {name: headings[0] for name, headings in self.headings.items()}
        if self.options:
            read["options"] = " + ".join(option.values for option in self.options)
        pairs = ", ".join(f"{name}={' '.join(heading.split())}" for name, heading in read.items())
        kind = self.profile.system if self.profile else "table"
        return f"read as {kind}: {pairs}" + (" (guessed; name others with --columns)" if self.guessed else "")


def known_headings(renamed: Mapping[str, str]) -> frozenset[str]:
    """All headings that mean something, folded; also those that a column map names."""
    systems = (heading for profile in PROFILES for headings in profile.columns.values() for heading in headings)
    guesses = (heading for headings in _GUESSES.values() for heading in headings)
    pairs = (pair for listed in (_OPTIONS, *(one.options for one in PROFILES)) for pair in listed)
    options = (heading for pair in pairs for heading in pair if heading)
    return frozenset((*systems, *guesses, *options, *map(fold_heading, (*renamed.values(), *FIELDS))))


def check_fields(renamed: Mapping[str, str], more: Sequence[str] = ()) -> None:
    """Refuse a column map that names a field we do not have.

    Args:
        renamed: Headings by our field.
        more: Other names that may stand there.

    Raises:
        SourceError: Names the field and the one that may be meant.
    """
    for name in renamed:
        if name not in FIELDS and fold_heading(name) not in more:
            near = difflib.get_close_matches(name, FIELDS, 1, 0.4)
            meant = f"did you mean {near[0]}? " if near else ""
            raise SourceError(f"The column map names {name}, which is no column of ours; {meant}It is one of {_all()}.")


def _all() -> str:
    return ", ".join(FIELDS)


def check_headings(where: object, renamed: Mapping[str, str], present: Sequence[str]) -> None:
    """Refuse a column map that names a heading which a table does not have.

    Raises:
        UnknownHeadingError: Names the headings, and those that there are.
    """
    unknown = [theirs for theirs in renamed.values() if theirs not in present]
    if unknown:
        shown = ", ".join(present[:_MAX_SHOWN]) + (", …" if len(present) > _MAX_SHOWN else "")
        raise UnknownHeadingError(f"{where} has no column {', '.join(unknown)}; it has {shown}.", unknown)


def map_columns(
    path: Path, headings: Sequence[str], renamed: Mapping[str, str], required: Profile | None, plain: bool
) -> Mapped:
    """Find the headings of our fields.

    Args:
        path: For messages.
        headings: Of the table.
        renamed: The column map: the heading of each of our fields, "" for a field to be left out, or of a heading of
            a profile.
        required: Read the table by this profile; None finds one.
        plain: Read it as a plain table, whatever its headings.

    Raises:
        SourceError: If the column map does not fit, or no heading holds a title, a description or a photo.
    """
    by_folded: dict[str, str] = {}
    for heading in headings:
        by_folded.setdefault(fold_heading(heading), heading)
    profile = None if plain else (required or _recognized(by_folded))
    profiled = {name for each in (profile.columns.values() if profile else ()) for name in each}
    check_fields(renamed, tuple(profiled))
    left_out = {name for name, theirs in renamed.items() if not theirs}
    headings_of_map = _resolved(renamed, by_folded)
    check_headings(path, headings_of_map, list(dict.fromkeys(headings)))
    by_folded |= {fold_heading(name): theirs for name, theirs in headings_of_map.items() if name not in FIELDS}
    if profile is not None:
        found = _present(profile.columns, by_folded, frozenset())
        guessed: frozenset[str] = frozenset()
        if profile.fold == "same" and not {"group", "product_title"} <= found.keys():
            missing = [name for name in ("Handle", "Title") if fold_heading(name) not in by_folded]
            raise SourceError(
                f"{path} is no Shopify product export: it has no column {', '.join(missing)}; export the products as "
                "CSV, or read it as a table with a column map."
            )
    else:
        named = frozenset(headings_of_map.values())
        exact = {
            name: (by_folded[fold_heading(name)],)
            for name in FIELDS
            if fold_heading(name) in by_folded and by_folded[fold_heading(name)] not in named
        }
        taken = named | {heading for each in exact.values() for heading in each}
        free = {name: words for name, words in _GUESSES.items() if name not in (*exact, *renamed, "options")}
        guesses = _present(free, _without_locales(by_folded), taken)
        found, guessed = {**exact, **guesses}, frozenset(guesses)
    found |= {name: (theirs,) for name, theirs in headings_of_map.items() if name in FIELDS}
    found = {name: columns for name, columns in found.items() if name not in left_out}
    if not any(name in found for name in CONTENT_COLUMNS):
        raise SourceError(
            f"{path} has none of the columns {', '.join(CONTENT_COLUMNS)} (it has {', '.join(headings[:_MAX_SHOWN])}); "
            "name its own ones with a column map."
        )
    used = {heading for name, columns in found.items() if name != "options" for heading in columns}
    options = () if "options" in left_out else _options(profile, by_folded, found.get("options", ()), used)
    return Mapped({name: found[name] for name in sorted(found, key=_order)}, profile, guessed, options)


def _options(
    profile: Profile | None, by_folded: Mapping[str, str], named: Sequence[str], used: set[str]
) -> tuple[OptionColumn, ...]:
    """The columns of options: the one that is named, or those that a profile knows, or those that are guessed."""
    if named:
        return tuple(OptionColumn(each, name="" if fold_heading(each) in _NAMELESS else each) for each in named)
    pairs = _OPTIONS if profile is None else profile.options
    present = ((by_folded.get(names, ""), by_folded[values]) for values, names in pairs if values in by_folded)
    found = {values: names for names, values in present if values not in used}
    return tuple(
        OptionColumn(values, names, "" if names or fold_heading(values) in _NAMELESS else " ".join(values.split()))
        for values, names in found.items()
    )


def _order(name: str) -> int:
    return FIELDS.index(name) if name in FIELDS else len(FIELDS)


def _recognized(folded: Mapping[str, str]) -> Profile | None:
    """The first profile that knows a table by its folded headings; none for a table of the input schema."""
    if any(fold_heading(name) in folded for name in _OURS_ALONE):
        return None
    return next(
        (one for one in PROFILES if any(all(name in folded for name in names) for names in one.known_by)),
        None,
    )


def _resolved(renamed: Mapping[str, str], by_folded: Mapping[str, str]) -> dict[str, str]:
    """The column map with headings as the table spells them, without the fields that are to be left out."""
    headings = {*by_folded.values()}
    return {
        ours: theirs if theirs in headings else by_folded.get(fold_heading(theirs), theirs)
        for ours, theirs in renamed.items()
        if theirs
    }


def _without_locales(by_folded: Mapping[str, str]) -> dict[str, str]:
    """The headings by themselves, and those of one language ("name-fr_FR") by what is left without it.

    What is there in the table's words goes before that, and of several languages the first.
    """
    stems: dict[str, str] = {}
    for folded, heading in by_folded.items():
        if (stem := _LOCALE.sub("", folded)) != folded:
            stems.setdefault(stem, heading)
    return {**stems, **by_folded}


def _present(
    wanted: Mapping[str, Sequence[str]], by_folded: Mapping[str, str], taken: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """The headings of each field that a table has and that are not taken; fields without any are left out."""
    found = {
        name: tuple(by_folded[word] for word in words if word in by_folded and by_folded[word] not in taken)
        for name, words in wanted.items()
    }
    return {name: headings for name, headings in found.items() if headings}
