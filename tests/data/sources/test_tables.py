"""CSV and TSV tables as sources."""

import pytest

from pipeline.data.sources import BadRow
from tests.helpers.sources import disc_photo, open_location

TABLE = """sku,split,name,text,picture,options,cat,maker,used
1,train,Red Disc,<b>round</b>,disc.jpg,A > B|A > C,A > B,Norvik,yes
2,test,Blue Disc,,missing.jpg,,A > C,,no
3,train,"Disc, big",x,../secret.jpg,,,,
4,train,Too,many,,,,,,cells
"""
TABLE_COLUMNS = (
    ("product_id", "sku"),
    ("product_title", "name"),
    ("product_description", "text"),
    ("product_image", "picture"),
    ("potential_product_categories", "options"),
    ("ground_truth_category", "cat"),
    ("ground_truth_brand", "maker"),
    ("ground_truth_is_secondhand", "used"),
)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_with_a_column_map_and_a_folder_of_photos(tmp_path, suffix):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "disc.jpg").write_bytes(disc_photo())
    (tmp_path / "secret.jpg").write_bytes(disc_photo())
    path = tmp_path / f"table{suffix}"
    lines = TABLE if suffix == ".csv" else TABLE.replace('"Disc, big"', "Disc; big").replace(",", "\t")
    path.write_text(lines, encoding="utf-8-sig")
    source = open_location(path, columns=TABLE_COLUMNS, images=str(tmp_path / "photos"))
    assert (source.kind, source.total, source.splits) == ("table", 4, ("train", "test"))
    first, third, bad, second = source
    assert (first.product_id, first.title, first.description) == ("1", "Red Disc", "<b>round</b>")
    assert (first.candidates, first.category, first.is_secondhand) == (["A > B", "A > C"], "A > B", True)
    assert first.image == disc_photo()
    assert (second.split, second.category, second.is_secondhand, second.image) == ("test", "A > C", False, None)
    assert "missing.jpg' was not found" in second.note
    assert third.image is None
    assert "outside the folder" in third.note
    assert isinstance(bad, BadRow)
    assert "1 more cells than there are headings" in bad.reason
