"""Names of regions and words of groups."""

import numpy as np

from pipeline.search.words import topics

TITLES = ["Acme red oak chair"] * 9 + ["Acme blue steel lamp"] * 9 + ["Zed green steel lamp"] * 9
BRANDS = ["Acme"] * 18 + ["Zed"] * 9


def test_words_set_groups_apart_and_brands_do_not():
    words = topics.TitleWords(TITLES, BRANDS)
    groups = words.of_groups(np.repeat([0, 1, 2], 9), 2)
    assert set(groups[0]) <= {"red", "oak", "chair"}
    assert (groups[1][0], groups[2][0]) == ("blue", "green")
    assert set(words.of(np.arange(9), 9)) == {"red", "oak", "chair"}
    assert words.of(np.arange(27), 9) == []  # all of them differ from none
    assert words.of(np.array([], dtype=int), 3) == []


def test_regions_are_named_by_a_pure_category_or_by_words():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(center, 0.05, (9, 2)) for center in ([0, 0], [4, 0], [0, 4])])
    paths = ["Home > Chairs"] * 9 + [None] * 9 + ["Home > Lamps", "Toys", "Media"] * 3
    found = topics.regions(points, topics.TitleWords(TITLES, BRANDS), paths)
    finest = found[-3:]
    assert sorted(region.count for region in finest) == [9, 9, 9]
    names = {tuple(region.center.round().astype(int)): region.name for region in finest}
    assert names[0, 0] == "Chairs"
    assert names[4, 0].startswith("blue")
    assert names[0, 4].startswith("green")
    assert all(0 < region.radius < 0.3 for region in finest)
    assert topics.regions(points[:3], topics.TitleWords(TITLES[:3], BRANDS[:3]), paths[:3]) == []


def test_the_category_that_most_share():
    assert topics.shared_category([("A", "B", "C"), ("A", "B", "D"), ("A", "B", "C")]) == "B"
    assert topics.shared_category([("A",), ("B",)]) == ""
    assert topics.shared_category([]) == ""
