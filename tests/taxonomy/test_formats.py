"""Taxonomy files as Shopify, Google and shops publish them; what cannot be read names its line and what to do."""

import gzip
import json
import logging

import pytest

from pipeline.artifacts import SHOPIFY_TAXONOMY, ArtifactError
from pipeline.taxonomy.paths import read_release, write_taxonomy
from tests.helpers import SHARED

GID = "gid://shopify/TaxonomyCategory/"
SHOPIFY = f"""# Shopify Product Taxonomy - Categories: 2026-02
# Format: {{GID}} : {{Ancestor name}} > ... > {{Category name}}

{GID}hg                : Home & Garden
{GID}hg-11             : Home & Garden > Kitchen & Dining
{GID}hg-11-10-2-4      : Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs
"""
MUGS = "Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs"
GOOGLE = """# Google_Product_Taxonomy_Version: 2021-09-21
1 - Animals & Pet Supplies
3237 - Animals & Pet Supplies > Live Animals
"""
TABLE = 'id,parent,name\n2,1,Mugs\n1,0,Kitchen\n7,2,"Mugs, travel"\n'


def _categories(*entries):
    vertical = {"name": "Home & Garden", "prefix": "hg", "categories": list(entries)}
    return json.dumps({"version": "2026-02", "verticals": [vertical]}, indent=2)


def _category(handle, full_name):
    name = full_name.split(" > ")[-1]
    return {"id": GID + handle, "level": 0, "name": name, "full_name": full_name, "parent_id": None, "children": []}


def _read(tmp_path, content):
    path = tmp_path / "given"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_release(path)


def test_the_categories_that_shopify_publishes_have_their_ids(tmp_path):
    release = _read(tmp_path, SHOPIFY)
    assert release.version == "2026-02"
    assert release.taxonomy.ids[MUGS] == f"{GID}hg-11-10-2-4"
    assert release.taxonomy.by_id[f"{GID}hg-11"] == "Home & Garden > Kitchen & Dining"
    assert f"{MUGS.rsplit(' > ', 1)[0]}" in release.taxonomy  # a parent that no line names
    assert not any("gid:" in path for path in release.taxonomy.paths)


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")]
)
def test_a_gzipped_file_a_byte_order_mark_and_other_line_ends_change_nothing(tmp_path, pack):
    plain, packed = _read(tmp_path, SHOPIFY), _read(tmp_path, pack(SHOPIFY.encode()))
    assert (packed.version, packed.taxonomy.by_id) == (plain.version, plain.taxonomy.by_id)


def test_the_json_of_shopify_is_the_same_taxonomy(tmp_path):
    text = _categories(_category("hg", "Home & Garden"), _category("hg-11-10-2-4", MUGS))
    release = _read(tmp_path, text)
    assert (release.version, release.taxonomy.ids[MUGS]) == ("2026-02", f"{GID}hg-11-10-2-4")


def test_the_numbers_of_google_are_ids(tmp_path):
    release = _read(tmp_path, GOOGLE)
    assert release.version == "2021-09-21"
    assert release.taxonomy.by_id == {
        "1": "Animals & Pet Supplies",
        "3237": "Animals & Pet Supplies > Live Animals",
    }


def test_a_number_in_the_first_name_of_a_plain_list_is_no_id(tmp_path):
    assert _read(tmp_path, "3 - 5 years\nToys\n").taxonomy.paths == ("3 - 5 years", "Toys")


@pytest.mark.parametrize(
    "table",
    [TABLE, TABLE.replace(",", ";").replace('"Mugs; travel"', '"Mugs, travel"'), "# of the shop\n\n" + TABLE],
)
def test_paths_are_put_together_from_a_table_of_parents(tmp_path, table):
    taxonomy = _read(tmp_path, table).taxonomy
    assert taxonomy.by_id == {"2": "Kitchen > Mugs", "1": "Kitchen", "7": "Kitchen > Mugs > Mugs, travel"}


def test_a_table_may_have_whole_paths(tmp_path):
    assert _read(tmp_path, "id;path\nA1;Home > Mugs\n").taxonomy.ids == {"Home > Mugs": "A1"}


def test_ids_round_trip_through_our_own_file(tmp_path):
    taxonomy = _read(tmp_path, SHOPIFY + f"{GID}hg-99 : {MUGS}\n").taxonomy
    write_taxonomy(tmp_path / "ours.txt", taxonomy, ["Shopify Product Taxonomy - Categories: 2026-02"])
    again = read_release(tmp_path / "ours.txt")
    assert (again.taxonomy.paths, again.taxonomy.by_id) == (taxonomy.paths, taxonomy.by_id)
    assert again.version == "2026-02"
    assert "Tableware" in (tmp_path / "ours.txt").read_text()  # parents without an id are kept


def test_two_categories_of_one_name_keep_both_ids_and_the_log_says_so(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        taxonomy = _read(tmp_path, f"{GID}aa-1 : Kleidung > Hosen\n{GID}aa-2 : Kleidung > Hosen\n").taxonomy
    assert set(taxonomy.by_id.values()) == {"Kleidung > Hosen"}
    assert taxonomy.ids == {"Kleidung > Hosen": f"{GID}aa-1"}
    assert "1 ids have the path of another id" in caplog.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SHOPIFY + "Home & Garden > Vases\n", "line 7: 'Home & Garden > Vases' is not an id and a path"),
        (SHOPIFY + f"{GID}hg-12 :   > \n", "line 7: .*has no level"),
        (SHOPIFY + f"{GID}hg : House\n", f"line 7: the id '{GID}hg' has another path on line 4"),
        (GOOGLE + "Arts\n", "line 4: 'Arts' is not a number and a path"),
        ("id,parent,name\n1,,Home\n1,,House\n", "line 3: the id '1' stands on line 2 too"),
        ("id,parent,name\n1,9,Home\n", "line 2: the parent '9' has no line"),
        ("id,parent,name\n1,2,Home\n2,1,Garden\n", "below itself"),
        ("id,parent,name\n1,,\n", "line 2: the column 'name' is empty"),
        ("id,parent,name\n1,,Home > Garden\n", "line 2: the name 'Home > Garden' has '>'"),
        ('id,parent,name\n1,,"Home\n', "line 2: .*mend its quotes"),
        ("id,path\nA 1,Home\n", "line 2: the id 'A 1' has a space"),
        ("Home\n > \nGarden\n", "line 2: .*has no level"),
        ('{"verticals": [\n', "line 2: it is not whole JSON"),
        ('{"rows": []}', "without a list 'verticals'"),
        (_categories({"id": "x"}), r"verticals\[0\].categories\[0\]: it has no 'full_name'"),
        ("[" * 100_000, "it is no taxonomy"),
        ('{"verticals": ' + "9" * 10_000 + "}", "it is no taxonomy"),
        ("<!DOCTYPE html><html>", "web page"),
        (b"PK\x03\x04xxxx", "Excel"),
        (b"\xff\xfeH\x00>", "no text in UTF-16"),
        (bytes(range(256)) * 20, "it is no text; give a text file"),
        (gzip.compress(SHOPIFY.encode(), mtime=0)[:60], "gzipped but damaged"),
        ("Küche > Töpfe\n".encode() * 9 + b"K\xfcche\n", "line 10: byte 0xfc is not UTF-8, as the rest"),
        ("# nothing\n", "names no category"),
    ],
)
def test_what_cannot_be_read_names_its_place_and_what_to_do(tmp_path, content, said):
    with pytest.raises(ArtifactError, match=said):
        _read(tmp_path, content)


@pytest.mark.parametrize(
    ("codec", "name"),
    [("cp1252", "Windows-1252"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16")],
)
def test_older_encodings_are_read_and_the_log_says_which(tmp_path, caplog, codec, name):
    with caplog.at_level("INFO", logger="pipeline"):
        taxonomy = _read(tmp_path, "Küche\nKüche > Töpfe\nBüro > Stühle\n".encode(codec)).taxonomy
    assert taxonomy.paths == ("Büro", "Büro > Stühle", "Küche", "Küche > Töpfe")
    assert f"read as {name}" in caplog.text


def test_utf8_is_not_worth_a_line_in_the_log(tmp_path, caplog):
    with caplog.at_level("INFO", logger="pipeline"):
        _read(tmp_path, "Küche > Töpfe\n".encode("utf-8-sig"))
    assert not caplog.text


def test_the_shipped_taxonomy_is_shopifys(tmp_path):
    release = read_release(SHOPIFY_TAXONOMY)
    taxonomy = release.taxonomy
    assert (release.version, len(taxonomy), len(taxonomy.ids)) == ("2025-06-unstable", 10_595, 10_595)
    assert taxonomy.by_id[f"{GID}aa-1-13-8"].startswith("Apparel & Accessories > Clothing > ")
    assert MUGS in taxonomy
    assert "Permission is hereby granted" in SHOPIFY_TAXONOMY.with_name("LICENSE.shopify.txt").read_text()


@pytest.mark.skipif(not (SHARED / "data" / "taxonomy").exists(), reason="needs the data beside the repository")
def test_the_shipped_taxonomy_has_every_category_of_the_release_file():
    [release] = (SHARED / "data" / "taxonomy").glob("shopify-*.txt")
    given, shipped = read_release(release), read_release(SHOPIFY_TAXONOMY)
    assert (given.version, given.taxonomy.by_id) == (shipped.version, shipped.taxonomy.by_id)
