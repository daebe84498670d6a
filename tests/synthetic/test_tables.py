from synthetic.listings.categories import FILE, categories
from synthetic.listings.tables import LANGUAGES, tables

LINES = FILE.read_text(encoding="utf-8").splitlines()


def test_the_taxonomy_is_large_deep_and_closed_without_duplicates():
    assert len(LINES) == len(set(LINES)) >= 800
    assert len({line.split(" > ")[0] for line in LINES}) >= 20
    assert max(line.count(" > ") + 1 for line in LINES) == 6
    assert all(categories().parent(line) in (None, *LINES) for line in LINES)


def test_types_cover_the_tops_and_name_known_things():
    data = tables()
    assert len(data.types) >= 120
    assert len({kind.path.split(" > ")[0] for kind in data.types.values()}) >= 20
    for kind in data.types.values():
        assert kind.path in categories(), kind.name
        assert set(kind.materials) <= set(data.materials), kind.name
        assert set(kind.colors) <= set(data.colors) | set(data.palettes), kind.name
        assert set(kind.patterns) <= set(data.pattern_words), kind.name
        assert set(kind.local) == set(LANGUAGES) - {"en"}, kind.name
        assert all((kind.nouns, kind.sizes, kind.facts))
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
