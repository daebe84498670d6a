"""Tables written back as they came: every byte of them but the cells that change."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.data.sources import SourceError
from pipeline.data.sources.files import Format, open_table_file
from pipeline.data.sources.profiles.mapping import known_headings

KNOWN = known_headings({})
TEXT = st.text(st.sampled_from("abzÄé ,;|\t\"'=\n€"), max_size=8)


def _open(path, content, **form):
    path.write_bytes(content)
    return open_table_file(path, Format(**form), KNOWN)


def _rewritten(file, changed, added=()):
    """The whole file with these cells in each row that is a product, and the added ones behind the headings too."""
    written = file.written
    content = written.encoding.mark
    for row in written.rows():
        text = row.text
        if row.is_headings and added:
            text = written.rewrite(row, {}, added)
        elif row.record is not None:
            text = written.rewrite(row, changed, added)
        content += written.encoding.encode(text)
    return content


@st.composite
def tables(draw):
    """A table: its delimiter, its end of lines, its encoding, and its rows of cells as they are written."""
    delimiter, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]))
    everything_quoted = draw(st.booleans())

    def written(value):
        needed = everything_quoted or any(sign in value for sign in (delimiter, '"', "\n"))
        return '"{}"'.format(value.replace('"', '""')) if needed or draw(st.booleans()) else value

    values = draw(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6))
    rows = [[written(f"p{first}"), written(second), written(third)] for first, second, third in values]
    return delimiter, end, codec, rows, draw(st.booleans())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_only_the_cells_that_change_are_other_bytes(tmp_path, table):
    delimiter, end, codec, rows, has_last_end = table

    def content(rows):
        text = end.join(delimiter.join(row) for row in rows) + end * has_last_end
        return text.encode(codec)

    headings, value = ["title", "category", "description"], f'Home{delimiter} "x" > Mugs'
    form = {"encoding": "utf-8" if codec == "utf-8-sig" else codec, "delimiter": delimiter}
    file = _open(tmp_path / "t.csv", content([headings, *rows]), **form)
    file.written.check()
    assert _rewritten(file, {}) == content([headings, *rows])
    cell = f'"Home{delimiter} ""x"" > Mugs"'
    changed = [headings, *([first, cell, third] for first, _, third in rows)]
    assert _rewritten(file, {1: value}) == content(changed)
    added = [[*headings, cell], *([*row, cell] for row in rows)]
    assert _rewritten(file, {}, [value]) == content(added)


@pytest.mark.parametrize(
    ("content", "right"),
    [
        (b"title,category\nMug,Cups\nLamp\n", b"title,category,new\nMug,X,1\nLamp,X,1\n"),
        (b'"title","category"\r\n"Mug",""\r\n', b'"title","category","new"\r\n"Mug","X","1"\r\n'),
        (b"sep=;\ntitle;category\nMug;\n", b"sep=;\ntitle;category;new\nMug;X;1\n"),
        (b"title,category\nMug,Cups,,\n,,\n\nLamp,\n", b"title,category,new\nMug,X,1,,\n,,\n\nLamp,X,1\n"),
        (b'title,category\nMug 5",A\n', b'title,category,new\nMug 5",X,1\n'),
        (b'title,category\n"Mug,A\nLamp,B\n', b'title,category,new\n"Mug,X,1\nLamp,X,1\n'),
        (b'title,category\n"Mug "blue" one",A\nLamp,B\n', b'title,category,new\n"Mug "blue" one",X,1\nLamp,X,1\n'),
        (b"title,category\nM\xe9 \xff,\xc3\xa4\xc3\xa4\n", b"title,category,new\nM\xe9 \xff,X,1\n"),
    ],
    ids=["short row", "all quoted", "sep", "surplus and empty", "inch", "open quote", "quotes inside", "bad bytes"],
)
def test_rows_as_merchants_have_them(tmp_path, content, right):
    file = _open(tmp_path / "t.csv", content, encoding="utf-8")
    file.written.check()
    rows = [
        file.written.rewrite(row, {} if row.is_headings else {1: "X"}, ["new" if row.is_headings else "1"])
        if row.is_headings or row.record is not None
        else row.text
        for row in file.written.rows()
    ]
    assert b"".join(map(file.written.encoding.encode, rows)) == right


def test_a_row_too_damaged_to_tell_its_cells_is_left_alone(tmp_path):
    file = _open(tmp_path / "t.csv", b'title,category\n"Mug, blue, large,A\nLamp,B\n')
    texts = [file.written.rewrite(row, {1: "X"}) for row in file.written.rows() if row.record is not None]
    assert texts == [None, "Lamp,X\n"]


def test_an_encoding_that_writes_one_text_in_two_ways_is_refused(tmp_path):
    content = b"title,category\n\x87\x90,x\n"  # the code of NEC for a sign that has another one
    file = _open(tmp_path / "t.csv", content, encoding="cp932")
    with pytest.raises(SourceError, match="cannot be written back as it is in its encoding"):
        file.written.check()


def test_a_packed_table_and_one_of_another_format_are_not_written_back(tmp_path):
    assert _open(tmp_path / "t.jsonl", b'{"title": "Mug"}\n').written is None
