"""The commands below `taxonomy`."""

import csv

import pyarrow as pa
import pytest

from pipeline.__main__ import main
from pipeline.data.schema import write_table
from pipeline.taxonomy.paths import read_release
from tests.helpers.fakes import write_catalog, write_small_model

GID = "gid://shopify/TaxonomyCategory/"
OLD = f"""# Shopify Product Taxonomy - Categories: 2025-01
{GID}hg                : Home
{GID}hg-1              : Home > Vases
{GID}hg-2              : Home > Clocks
"""
NEW = f"{GID}hg : Home\n{GID}hg-1 : Home > Vases & Jars\n{GID}hg-3 : Home > Lamps\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "old.txt").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.txt").write_text(NEW, encoding="utf-8")
    return tmp_path


def _csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_import_says_what_a_file_holds_and_writes_it(files, capsys):
    assert main(["taxonomy", "import", str(files / "old.txt"), "--out", str(files / "ours.txt")]) == 0
    said = capsys.readouterr().out
    assert "version 2025-01" in said
    assert "3 categories, 3 with an id, 1 at the top" in said
    ours, given = read_release(files / "ours.txt"), read_release(files / "old.txt")
    assert (ours.version, ours.taxonomy.by_id) == (given.version, given.taxonomy.by_id)


def test_a_file_that_cannot_be_imported_is_one_sentence(files, capsys):
    (files / "bad.txt").write_text(OLD + "Home > Lamps\n", encoding="utf-8")
    assert main(["taxonomy", "import", str(files / "bad.txt")]) == 2
    assert "line 5: 'Home > Lamps' is not an id and a path" in capsys.readouterr().err


def test_diff_prints_and_writes_the_changes(files, capsys):
    assert (
        main(
            [
                "taxonomy",
                "diff",
                *(str(files / f"{name}.txt") for name in ("old", "new")),
                "--out",
                str(files / "d.csv"),
            ]
        )
        == 0
    )
    assert "renamed: 1" in capsys.readouterr().out
    assert [(row["change"], row["old_path"], row["new_path"]) for row in _csv(files / "d.csv")] == [
        ("removed", "Home > Clocks", ""),
        ("added", "", "Home > Lamps"),
        ("renamed", "Home > Vases", "Home > Vases & Jars"),
    ]


def test_migrate_counts_the_products_of_a_catalogue(files, capsys):
    products = [("vase", "Home > Vases"), ("jar", "Home > Vases"), ("clock", "Home > Clocks"), ("hat", "Hats")]
    catalog = write_catalog(files / "catalog.parquet", products)
    command = ["taxonomy", "migrate", "--from", str(files / "old.txt"), "--to", str(files / "new.txt")]
    assert main([*command, "--catalog", str(catalog), "--out", str(files / "moves.csv")]) == 0
    assert "products renamed: 2" in capsys.readouterr().out
    rows = {row["old_path"]: row for row in _csv(files / "moves.csv")}
    assert (rows["Home > Vases"]["products"], rows["Home > Vases"]["new_id"]) == ("2", f"{GID}hg-1")
    assert (rows["Home > Clocks"]["change"], rows["Home > Clocks"]["new_path"]) == ("deleted", "")
    assert rows["Hats"]["change"] == "unknown"


def test_migrate_proposes_by_the_vectors_of_a_bundle(files, tmp_path, capsys):
    model = write_small_model(tmp_path / "model")
    (files / "cells.txt").write_text("# ours\nhg-2\nHome > Vases\n", encoding="utf-8")
    command = ["taxonomy", "migrate", "--from", str(files / "old.txt"), "--to", str(files / "new.txt")]
    command += ["--paths", str(files / "cells.txt"), "--model", str(model), "--out", str(files / "moves.csv")]
    assert main(command) == 0
    rows = {row["old_path"]: row for row in _csv(files / "moves.csv")}
    clocks = rows["Home > Clocks"]
    assert (clocks["change"], clocks["by"]) == ("deleted", "vectors")
    assert clocks["new_path"] in {"Home", "Home > Vases & Jars", "Home > Lamps"}
    assert 0 < float(clocks["confidence"]) <= 1
    assert rows["Home > Vases"]["confidence"] == "1.00"


def test_a_catalogue_that_is_none_or_has_no_paths_is_refused(files, capsys):
    command = ["taxonomy", "migrate", "--from", str(files / "old.txt"), "--to", str(files / "new.txt")]
    assert main([*command, "--catalog", str(files / "old.txt")]) == 2
    assert "not a readable parquet file" in capsys.readouterr().err
    write_table(files / "other.parquet", pa.table({"title": ["vase"]}))
    assert main([*command, "--catalog", str(files / "other.parquet")]) == 2
    assert "has no column category_path or path (it has title)" in capsys.readouterr().err
