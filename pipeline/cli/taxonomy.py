"""`python -m pipeline taxonomy`: taxonomy files read and compared, and a catalogue moved from one to another."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from pipeline import errors
from pipeline.artifacts import ArtifactError, atomic_path
from pipeline.data.schema import read_table
from pipeline.errors import InputError
from pipeline.taxonomy.diff import Change, diff
from pipeline.taxonomy.formats import text_of
from pipeline.taxonomy.mappings import choose_mapping, read_mappings
from pipeline.taxonomy.migrate import Move, Nearest, migrate
from pipeline.taxonomy.paths import Release, Taxonomy, levels, read_release, write_taxonomy

_SHOWN = 60
"""Lines of a table that are printed; a CSV has all."""
_COLUMNS = ("category_path", "path")
"""Of a catalogue, the first of these that it has: as `catalog.parquet` and as `classify-file` call it."""
_DIFF_HEADINGS = ("change", "by", "old_id", "old_path", "new_id", "new_path")
_MOVE_HEADINGS = ("products", "change", "by", "confidence", "old_id", "old_path", "new_id", "new_path")


def add_taxonomy(command: argparse.ArgumentParser) -> None:
    """Add the commands below `taxonomy`, each with the function that runs it as its default `run`."""
    commands = command.add_subparsers(dest="action", required=True)
    one = commands.add_parser("import", help="read and check a taxonomy file, and write it as this program does")
    one.add_argument("file", type=Path, help="of Shopify, Google or your own")
    one.add_argument("--out", type=Path, help="taxonomy file to write; nothing is written without it")
    one.set_defaults(run=lambda given: import_command(given.file, given.out))
    two = commands.add_parser("diff", help="categories added, removed, renamed and moved from one taxonomy to another")
    two.add_argument("old", type=Path, help="taxonomy file")
    two.add_argument("new", type=Path, help="taxonomy file")
    two.add_argument("--out", type=Path, help="also write all changes there, as CSV")
    two.set_defaults(run=lambda given: diff_command(given.old, given.new, given.out))
    three = commands.add_parser("migrate", help="what becomes of the categories of a catalogue in another taxonomy")
    three.add_argument("--from", dest="old", type=Path, required=True, help="taxonomy file that they are of")
    three.add_argument("--to", dest="new", type=Path, required=True, help="taxonomy file that they are to be of")
    three.add_argument("--mapping", type=Path, help="Shopify's mapping from the old release to the new one")
    used = three.add_mutually_exclusive_group(required=True)
    used.add_argument("--catalog", type=Path, help="catalog.parquet, or a result of classify-file")
    used.add_argument("--paths", type=Path, help="text file of category paths or ids, one a line")
    three.add_argument("--model", type=Path, help="bundle that proposes categories for those that are gone")
    three.add_argument("--out", type=Path, help="also write the whole table there, as CSV")
    three.set_defaults(run=_migrate)


def import_command(file: Path, out: Path | None = None) -> Release:
    """Read a taxonomy file and say what it holds; write it in our format where asked to.

    Raises:
        ArtifactError: If it cannot be read; names the line.
    """
    release = read_release(file)
    taxonomy = release.taxonomy
    depths = Counter(map(len, map(levels, taxonomy.paths)))
    version = f", version {release.version}" if release.version else ""
    print(f"{file}: {release.kind}{version}")
    print(f"{len(taxonomy):,} categories, {len(taxonomy.ids):,} with an id, {depths[1]:,} at the top")
    print("per level: " + ", ".join(f"{depth}: {count:,}" for depth, count in sorted(depths.items())))
    if out is None:
        print("Nothing was written; --out FILE writes it.")
        return release
    notes = [f"Shopify Product Taxonomy - Categories: {release.version}"] if _is_shopifys(release) else []
    write_taxonomy(out, taxonomy, notes)
    print(f"written to {out}")
    return release


def _is_shopifys(release: Release) -> bool:
    return bool(release.version) and any(one.startswith("gid://shopify/") for one in release.taxonomy.by_id)


def diff_command(old: Path, new: Path, out: Path | None = None) -> list[Change]:
    """Print what changed from one taxonomy to another.

    Raises:
        ArtifactError: If a file cannot be read; names the line.
    """
    changes = diff(read_release(old).taxonomy, read_release(new).taxonomy)
    rows = [(one.kind, one.by, one.old_id, one.old, one.new_id, one.new) for one in changes]
    _report(Counter(one.kind for one in changes), _DIFF_HEADINGS, rows, out)
    return changes


def _migrate(arguments: argparse.Namespace) -> None:
    if arguments.out is not None:
        errors.check_writable(arguments.out)
    migrate_command(
        arguments.old,
        arguments.new,
        mapping=arguments.mapping,
        catalog=arguments.catalog,
        paths=arguments.paths,
        model=arguments.model,
        out=arguments.out,
    )


def migrate_command(
    old: Path,
    new: Path,
    *,
    mapping: Path | None = None,
    catalog: Path | None = None,
    paths: Path | None = None,
    model: Path | None = None,
    out: Path | None = None,
) -> list[Move]:
    """Print what becomes of the categories of a catalogue, or of a list, in another taxonomy.

    Args:
        old: Taxonomy file that they are of.
        new: Taxonomy file that they are to be of.
        mapping: Shopify's mapping from one to the other.
        catalog: Parquet file with a column of paths.
        paths: Text file of paths or ids, in place of a catalogue.
        model: Bundle that proposes categories for those that are found in no other way.
        out: Where the table goes as CSV.

    Raises:
        ArtifactError, InputError: If something cannot be read.
    """
    before, after = read_release(old), read_release(new)
    cells = _of_catalog(catalog) if catalog is not None else _of_list(paths)
    chosen = None if mapping is None else choose_mapping(read_mappings(mapping), before.version, mapping)
    moves = migrate(
        cells,
        before.taxonomy,
        after.taxonomy,
        mapping=chosen,
        nearest=None if model is None else _nearest(model, after.taxonomy),
    )
    rows = [row for move in moves for row in _rows(move)]
    counts: Counter[str] = Counter()
    for move in moves:
        counts[move.kind] += move.products
    changed = [row for row in rows if row[1] != "unchanged"]
    _report(counts, _MOVE_HEADINGS, changed, None, "products ")
    if out is not None:
        _write_csv(out, _MOVE_HEADINGS, rows)
    return moves


def _rows(move: Move) -> Iterable[tuple[str, ...]]:
    """A line for each target of a category, one without a target where there is none."""
    head = (str(move.products), move.kind, move.by)
    origin = (move.old_id, move.old or move.cell)
    if not move.targets:
        yield (*head, "", *origin, "", "")
    for target in move.targets:
        yield (*head, f"{target.confidence:.2f}", *origin, target.id, target.path)


def _of_catalog(path: Path) -> Counter[str]:
    """Categories of a parquet file, with the number of products of each.

    Raises:
        ArtifactError: If it cannot be read or has no column of paths.
    """
    read_table(path, [])  # checks that it is one
    names = pq.read_schema(path).names
    column = next((name for name in _COLUMNS if name in names), None)
    if column is None:
        raise ArtifactError(
            f"{path} has no column {' or '.join(_COLUMNS)} (it has {', '.join(names)}); give a catalog.parquet, a "
            "result of classify-file, or a list by --paths."
        )
    return Counter(cell for cell in read_table(path, [column])[column].to_pylist() if cell)


def _of_list(path: Path | None) -> Counter[str]:
    """Categories of a text file, one a line, with the number of lines of each.

    Raises:
        ArtifactError: If it cannot be read.
        InputError: If there is none.
    """
    if path is None:
        raise InputError("There is nothing to migrate; give --catalog or --paths.")
    try:
        text = text_of(path.read_bytes())
    except (OSError, InputError) as error:
        raise ArtifactError(f"The list {path} cannot be read ({error}); give a UTF-8 file of paths.") from error
    cells = (line.strip() for line in text.splitlines())
    return Counter(cell for cell in cells if cell and not cell.startswith("#"))


def _nearest(model: Path, new: Taxonomy) -> Nearest:
    """Proposals of a bundle: the category whose vector is nearest, and its share in a softmax over all of them."""
    from pipeline.bundle.bundle import load_bundle  # brings torch, which the other commands do not need

    bundle = load_bundle(model)

    def nearest(paths: Sequence[str]) -> list[tuple[str, float]]:
        cosines = bundle.encode_categories(paths) @ bundle.encode_categories(new.paths).T
        logits = bundle.logit_scale * cosines
        best = logits.argmax(axis=1)
        shares = 1 / np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1)
        return [(new.paths[row], float(share)) for row, share in zip(best.tolist(), shares.tolist(), strict=True)]

    return nearest


def _report(
    counts: Counter[str], headings: Sequence[str], rows: Sequence[tuple[str, ...]], out: Path | None, of: str = ""
) -> None:
    """Print how often there is which change, and the changes, the first of them; write all as CSV where asked to."""
    print(", ".join(f"{of}{kind}: {count:,}" for kind, count in counts.most_common()) or "no change")
    shown = rows[:_SHOWN]
    widths = [max(map(len, column)) for column in zip(headings, *shown, strict=True)]
    for row in (headings, *shown) if shown else ():
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(rows) > _SHOWN:
        print(f"… and {len(rows) - _SHOWN:,} more; --out FILE.csv writes all")
    if out is not None:
        _write_csv(out, headings, rows)


def _write_csv(path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        writer.writerows(rows)
