"""Text tables as spreadsheets and shops write them: delimiters, headings, quotes, surplus cells."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data.sources import SourceError
from pipeline.data.sources.files import Format, delimited, open_table_file
from pipeline.data.sources.profiles.mapping import known_headings

KNOWN = known_headings({})


def _open(path, content, **form):
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return open_table_file(path, Format(**form), KNOWN)


def _rows(file):
    return [tuple(record.cells.values()) for record in file.read()]


GERMAN = [
    ("T-01", "Teekanne aus Gusseisen, 0,8 l", "Mit Sieb; hält lange warm"),
    ("T-02", "Wanderstiefel Damen", "Wasserdicht, Größe 39"),
]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("separator_line", [False, True])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "cp1252"])
def test_delimiter_and_encoding_are_found(tmp_path, mark, separator_line, codec):
    quoted = [mark.join(f'"{cell}"' if mark in cell else cell for cell in row) for row in GERMAN]
    lines = [*([f"sep={mark}"] if separator_line else []), mark.join(["product_id", "title", "description"]), *quoted]
    file = _open(tmp_path / "t.csv", "\r\n".join(lines).encode(codec))
    assert file.headings == ("product_id", "title", "description")
    assert _rows(file) == GERMAN
    assert f"headings in line {1 + separator_line}" in file.form


def test_encoding_and_delimiter_can_be_named(tmp_path):
    content = "title;description\nżółty;a,b,c\n".encode("cp1250")
    file = _open(tmp_path / "t.csv", content, encoding="cp1250", delimiter=";")
    assert _rows(file) == [("żółty", "a,b,c")]
    assert file.form == "Windows-1250, separated by semicolons, headings in line 1"
    assert _open(tmp_path / "t.csv", "a^title\n1^x\n", delimiter="^").headings == ("a", "title")
    with pytest.raises(SourceError, match="There is no encoding 'utf-9'"):
        _open(tmp_path / "t.csv", content, encoding="utf-9")


def test_a_single_column_is_not_split_at_its_commas(tmp_path):
    assert _rows(_open(tmp_path / "t.csv", 'product_title\n"Mug, blue"\nLamp\n')) == [("Mug, blue",), ("Lamp",)]


def test_title_rows_above_the_headings_are_skipped(tmp_path):
    content = "Preisliste 2026;;\nStand: Mai;;\n;;\nArtikelnummer;Bezeichnung;Marke\n001;Becher;Nord\n"
    file = _open(tmp_path / "t.csv", content)
    assert file.headings == ("Artikelnummer", "Bezeichnung", "Marke")
    assert [(record.line, record.cells["Artikelnummer"]) for record in file.read()] == [(5, "001")]


def test_of_two_heading_rows_the_one_for_programs_counts(tmp_path):
    content = (
        "TemplateType=fptcustom\tVersion=2023.0101\tThe top 3 rows are for marketplace use only.\t\n"
        "Seller SKU\tBrand Name\tProduct Name\tProduct Description\n"
        "item_sku\tbrand_name\titem_name\tproduct_description\n"
        "MUG-1\tPlain & Co\tStoneware mug\t350 ml\n"
    )
    file = _open(tmp_path / "flat.txt", content)
    assert file.headings == ("item_sku", "brand_name", "item_name", "product_description")
    assert _rows(file) == [("MUG-1", "Plain & Co", "Stoneware mug", "350 ml")]


def test_unknown_headings_are_those_of_the_first_line(tmp_path):
    file = _open(tmp_path / "t.csv", "alpha,beta\nname,1\ntitle,2\nFoto,Bild\n")
    assert (file.headings, len(_rows(file))) == (("alpha", "beta"), 3)


def test_the_empty_cells_and_lines_of_a_spreadsheet_cost_nothing(tmp_path):
    content = (
        "product_id,product_title,product_description,,\n1,Mug,350 ml,,\n2,Lamp,Brass,,,\n,,,,\n3,Chair,Oak,,\n,,,,\n"
    )
    records = list(_open(tmp_path / "t.csv", content).read())
    assert [record.cells["product_title"] for record in records] == ["Mug", "Lamp", "Chair"]
    assert [record.line for record in records] == [2, 3, 5]
    assert [record.problem for record in records] == ["", "", ""]


def test_short_rows_are_kept_and_long_ones_named_with_their_line(tmp_path):
    content = "product_id,product_title,description\n1,Mug\n2,Lamp,Brass,\n3,Chair,Oak, dark\n"
    mug, lamp, chair = _open(tmp_path / "t.csv", content).read()
    assert (dict(mug.cells), mug.problem) == ({"product_id": "1", "product_title": "Mug"}, "")
    assert lamp.problem == ""
    assert (chair.line, chair.problem) == (4, "the row has 1 more cells than there are headings")
    assert list(chair.cells.values()) == ["3", "Chair", "Oak", " dark"]


def test_a_heading_that_is_there_twice_gives_its_first_filled_cell(tmp_path):
    content = "title,description,description\nMug,350 ml,\nLamp,,Brass\n"
    assert _rows(_open(tmp_path / "t.csv", content)) == [("Mug", "350 ml"), ("Lamp", "Brass")]


def test_the_headings_again_are_no_product(tmp_path):
    _, again, _ = _open(tmp_path / "t.csv", "id,title\n1,Mug\nid,title\n2,Lamp\n").read()
    assert (again.line, again.problem) == (3, "the row repeats the headings")


def test_an_unclosed_quotation_mark_costs_its_own_row_alone(tmp_path):
    content = (
        "product_id,product_title,product_description\n"
        '1,"TV 32"" black","Line one\nLine two, with ""quotes"""\n'
        '2,Monitor 27" white,Flat\n'
        '3,"Screen 24" white",Flat\n'
        '4,"Lamp, brass,Warm light\n'
        "5,Chair,Oak\n"
        '6,"Table",Oak\n'
        '7,"A 24" screen\nand its stand",Flat\n'
    )
    records = list(_open(tmp_path / "t.csv", content).read())
    assert [(record.line, record.cells["product_title"]) for record in records] == [
        (2, 'TV 32" black'),
        (4, 'Monitor 27" white'),
        (5, 'Screen 24" white'),
        (6, '"Lamp'),
        (7, "Chair"),
        (8, "Table"),
        (9, 'A 24" screen\nand its stand'),
    ]
    assert [record.line for record in records if record.problem] == [6]
    assert records[3].problem == "a quotation mark of the row is not closed"


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ('1\t"Nice" mug\tBlue', '"Nice" mug'),
        ('1\t"Mug\tBlue', "Mug"),
        ('1\t"Screen 24\\" white"\tBlue', 'Screen 24" white'),
        ('1\t"A \\"big\\"\tcup"\tBlue', 'A "big"\tcup'),
        ('1\t"Cable 3"""\tBlue', 'Cable 3"'),
        ('1\tCable 3"\tBlue', 'Cable 3"'),
        ("1\tMug\tBlue\t\t", "Mug"),
    ],
)
def test_stray_quotation_marks_are_read_in_the_one_way_that_fits(tmp_path, line, title):
    rows = _rows(_open(tmp_path / "t.tsv", f"id\ttitle\tcolor\n{line}\n2\tLamp\tRed\n"))
    assert rows == [("1", title, "Blue"), ("2", "Lamp", "Red")]


def test_an_open_quotation_mark_over_many_lines_gives_them_back(tmp_path):
    content = 'id,title\n1,"Mug, blue\n' + "".join(f"{number},Lamp\n" for number in range(2, 5000))
    records = list(_open(tmp_path / "t.csv", content).read())
    assert [record.line for record in records] == list(range(2, 5001))
    assert [record.line for record in records if record.problem] == [2]


def test_too_many_open_quotation_marks_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_MAX_READ_AGAIN", 1000)
    content = "id,title\n" + '1,"Mug, blue\n' + "2,Lamp\n" * 200
    with pytest.raises(SourceError, match="too many quotation marks are left open up to line 2;"):
        list(_open(tmp_path / "t.csv", content).read())


def test_bytes_that_are_no_characters_cost_their_row(tmp_path):
    content = b"id,title\n" + "1,Größe\n".encode() * 50 + b"2,Gr\xf6\xdfe\n3,Mug\n"
    records = list(_open(tmp_path / "t.csv", content).read())
    assert len(records) == 52
    (bad,) = [record for record in records if record.problem]
    assert (bad.line, "no characters of the file's encoding" in bad.problem) == (52, True)


def test_nul_bytes_and_every_kind_of_line_end_are_read(tmp_path):
    assert _rows(_open(tmp_path / "t.csv", "id,title\n1,M\0ug\n2,Lamp\n")) == [("1", "M\0ug"), ("2", "Lamp")]
    for end in ("\n", "\r\n", "\r"):
        assert _rows(_open(tmp_path / "t.csv", end.join(["id,title", "1,Mug", "2,Lamp"]))) == [
            ("1", "Mug"),
            ("2", "Lamp"),
        ]


def test_single_quotes_around_every_cell_are_quotation_marks(tmp_path):
    assert _rows(_open(tmp_path / "t.csv", "'id','title'\n'1','Mug, blue'\n")) == [("1", "Mug, blue")]


@pytest.mark.parametrize("text", ["nan", "NaN", "None", "null", "007", "1e5", "TRUE", "1,5", "-", "=1+1", "  x"])
def test_texts_are_read_as_they_are_written(tmp_path, text):
    assert _rows(_open(tmp_path / "t.csv", f'id;title\n{text};"{text}"\n'))[0] == (text, text)


CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\x85\u2028\u2029"), max_size=12
)
LETTERS = st.text("abcäöüß \"',;\n", max_size=12)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(1, 999), CELLS | LETTERS, LETTERS), min_size=3, max_size=8),
    mark=st.sampled_from(",;\t|"),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_whatever_a_spreadsheet_writes_is_read_back(tmp_path, rows, mark, codec, end, quoting):
    written = [[str(number), title, text] for number, title, text in rows]
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=mark, lineterminator=end, quoting=quoting).writerows(
        [["sku", "title", "text"], *written]
    )
    file = _open(tmp_path / "t.csv", target.getvalue().encode(codec))
    assert [list(row) for row in _rows(file)] == written
    assert not any(record.problem for record in file.read())
