import pytest

from pipeline.artifacts import SHOPIFY_TAXONOMY
from pipeline.taxonomy.paths import read_taxonomy
from synthetic.listings.categories import FILE, categories, read_paths
from synthetic.listings.tables import LANGUAGES, tables


def test_the_taxonomy_is_whole_and_closed():
    paths = categories().paths
    assert len(paths) == len(set(paths)) >= 10_000
    assert {categories().parent(path) for path in paths} - {None} <= set(paths)
    assert max(path.count(" > ") + 1 for path in paths) >= 6


def test_the_pipeline_reads_the_same_taxonomy():
    assert FILE == SHOPIFY_TAXONOMY
    assert read_taxonomy(FILE).paths == categories().paths


@pytest.mark.parametrize("line", ["Animals & Pet Supplies", "gid://shopify/TaxonomyCategory/ap : ", "ap : Animals"])
def test_a_line_without_id_or_path_is_named(line):
    with pytest.raises(ValueError, match="Line 3"):
        read_paths(["# Format", "", line])


def test_every_type_has_a_category_of_shopifys_taxonomy():
    types = tables().types
    assert len(types) == 234
    assert {name: kind.path for name, kind in types.items() if kind.path not in categories()} == {}
    assert len({kind.path for kind in types.values()}) >= 220
    assert len({kind.path.split(" > ")[0] for kind in types.values()}) >= 20


def test_types_name_known_things():
    data = tables()
    for kind in data.types.values():
        assert set(kind.materials) <= set(data.materials), kind.name
        assert set(kind.colors) <= set(data.colors) | set(data.palettes), kind.name
        assert set(kind.patterns) <= set(data.pattern_words), kind.name
        assert set(kind.local) == set(LANGUAGES) - {"en"}, kind.name
        assert all((kind.nouns, kind.sizes, kind.facts, kind.department))
        assert kind.say in ("both", "color", "nothing")


def test_every_color_a_type_can_have_is_known_and_worded():
    data = tables()
    for kind in data.types.values():
        for name in kind.materials:
            assert set(data.colors_of(kind, data.materials[name])) <= set(data.colors), kind.name
    for words in (*data.color_words.values(), *data.pattern_words.values()):
        assert set(words) == set(LANGUAGES)
    assert {material.palette for material in data.materials.values()} <= set(data.palettes) | set(data.colors)


def test_wood_is_not_painted_but_boxes_are_printed():
    data = tables()
    assert data.colors_of(data.types["wall-clock"], data.materials["oak"]) == ("natural",)
    assert "red" in data.colors_of(data.types["wall-clock"], data.materials["plastic"])
    assert "red" in data.colors_of(data.types["cereal"], data.materials["cardboard"])
