import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.artifacts import ArtifactError
from pipeline.taxonomy.paths import SEPARATOR, Taxonomy, levels, normalize_path, read_taxonomy, truncate, write_taxonomy

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
raw_paths = st.lists(names, min_size=1, max_size=6).map(">".join)


def _normal(raw):
    try:
        return normalize_path(raw)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("A>B", "A > B"),
        ("  A  >  B > C ", "A > B > C"),
        ("A > > B >", "A > B"),
        ("A » B › C", "A > B > C"),
        ("Arts &amp; Crafts &gt; Paint", "Arts & Crafts > Paint"),
        ("Food,\u00a0Beverages\t> Tea\n", "Food, Beverages > Tea"),
        ("Ａ ＞ Ｂ", "A > B"),
        ("Home -> Mugs", "Home > Mugs"),
        ("Home --> T-shirts => Polo", "Home > T-shirts > Polo"),
        ("Single", "Single"),
    ],
)
def test_one_spelling_of_a_path(raw, normal):
    assert normalize_path(raw) == normal


@pytest.mark.parametrize("raw", ["", "  ", ">", " > > ", "\u200b"])
def test_a_path_without_levels_is_refused_in_a_sentence(raw):
    with pytest.raises(ValueError, match="has no level"):
        normalize_path(raw)


@given(raw_paths)
def test_normalizing_again_changes_nothing_and_levels_round_trip(raw):
    path = _normal(raw)
    if path is not None:
        assert normalize_path(path) == path
        assert SEPARATOR.join(levels(path)) == path
        assert all(level == level.strip() and level for level in levels(path))
        assert truncate(path, len(levels(path))) == path
        assert not any(ord(character) < 32 for character in path)


@given(st.lists(raw_paths.map(_normal).filter(lambda path: path is not None), max_size=12))
def test_a_taxonomy_is_closed_under_parents(paths):
    taxonomy = Taxonomy.of(paths)
    assert set(paths) <= set(taxonomy.paths)
    assert len(set(taxonomy.paths)) == len(taxonomy)
    for position, path in enumerate(taxonomy.paths):
        assert taxonomy.index[path] == position
        assert taxonomy.ancestors(path)[-1] == path
        assert len(taxonomy.ancestors(path)) == taxonomy.depth(path)
        parents = taxonomy.ancestors(path)[:-1]
        assert taxonomy.parent_index[position] == (taxonomy.index[parents[-1]] if parents else -1)
        assert taxonomy.parent_index[position] < position


def test_a_subtree_is_one_run_of_paths_even_with_odd_names():
    taxonomy = Taxonomy.of(["A > B", "A & C > D", "A"])
    assert taxonomy.paths == ("A", "A > B", "A & C", "A & C > D")
    assert taxonomy.parent_index.dtype == np.int32
    assert taxonomy.parent_index.tolist() == [-1, 0, -1, 2]


def test_an_unknown_path_is_named():
    with pytest.raises(KeyError, match="'X' is not a category"):
        Taxonomy.of(["A"]).ancestors("X")


def test_truncate():
    assert truncate("A > B > C", 2) == "A > B"
    assert truncate("A", 3) == "A"
    with pytest.raises(ValueError, match="at least 1 level"):
        truncate("A", 0)


def test_files_round_trip_and_comments_are_skipped(tmp_path):
    taxonomy = Taxonomy.of(["Bücher > Krimis", "A > B > C"])
    write_taxonomy(tmp_path / "t.txt", taxonomy)
    assert read_taxonomy(tmp_path / "t.txt").paths == taxonomy.paths
    (tmp_path / "c.txt").write_text("# version 1\n\nA>B\n", encoding="utf-8-sig")
    assert read_taxonomy(tmp_path / "c.txt").paths == ("A", "A > B")


def test_names_in_other_languages_stand_after_tabs(tmp_path):
    (tmp_path / "t.txt").write_text("Books>Crime\tBücher > Krimis\tLivres>Policier\n\nBooks\tBooks\n")
    taxonomy = read_taxonomy(tmp_path / "t.txt")
    assert taxonomy.paths == ("Books", "Books > Crime")
    assert taxonomy.names == {"Books > Crime": ("Bücher > Krimis", "Livres > Policier")}
    write_taxonomy(tmp_path / "again.txt", taxonomy)
    again = read_taxonomy(tmp_path / "again.txt")
    assert (again.paths, again.names) == (taxonomy.paths, taxonomy.names)


@pytest.mark.parametrize("content", [None, b"", b"# nothing\n", b"\xff\xfe\x00", b"A\n > \n"])
def test_a_missing_or_damaged_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "t.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtifactError, match="taxonomy"):
        read_taxonomy(path)
