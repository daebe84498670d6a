"""Changes from one taxonomy to another."""

from pipeline.taxonomy.diff import diff
from pipeline.taxonomy.paths import Taxonomy

GID = "gid://shopify/TaxonomyCategory/"


def _taxonomy(**by_handle):
    return Taxonomy.of((), by_id={GID + handle.replace("_", "-"): path for handle, path in by_handle.items()})


def _kinds(changes):
    return {(change.kind, change.by, change.old, change.new) for change in changes}


def test_a_taxonomy_does_not_differ_from_itself():
    taxonomy = _taxonomy(hg="Home", hg_1="Home > Mugs")
    assert diff(taxonomy, taxonomy) == []


def test_the_same_id_is_the_same_category_wherever_it_lies():
    old = _taxonomy(
        hg="Home",
        hg_1="Home > Mugs",
        hg_2="Home > Decor",
        hg_2_1="Home > Decor > Vases",
        hg_3="Home > Lamps",
        sg="Sport",
    )
    new = _taxonomy(
        hg="Home",
        hg_1="Home > Cups",
        hg_2="Home > Décor",
        hg_2_1="Home > Décor > Vases",
        hg_3="Sport > Lights",
        sg="Sport",
    )
    assert _kinds(diff(old, new)) == {
        ("renamed", "id", "Home > Mugs", "Home > Cups"),
        ("renamed", "id", "Home > Decor", "Home > Décor"),
        ("follows", "id", "Home > Decor > Vases", "Home > Décor > Vases"),
        ("moved and renamed", "id", "Home > Lamps", "Sport > Lights"),
    }


def test_what_has_another_id_is_found_by_its_path_then_by_its_name():
    old = _taxonomy(aa_1="Apparel > Uniforms", aa_1_1="Apparel > Uniforms > Flight Suits", aa_2="Apparel > Hats")
    new = _taxonomy(aa_9="Apparel > Workwear", aa_9_1="Apparel > Workwear > Flight Suits", aa_3="Apparel > Hats")
    assert _kinds(diff(old, new)) == {
        ("new id", "path", "Apparel > Hats", "Apparel > Hats"),
        ("moved", "name", "Apparel > Uniforms > Flight Suits", "Apparel > Workwear > Flight Suits"),
        ("removed", "", "Apparel > Uniforms", ""),
        ("added", "", "", "Apparel > Workwear"),
    }


def test_without_ids_paths_are_compared_and_a_name_that_two_have_tells_nothing():
    old = Taxonomy.of(["Home > Mugs", "Toys > Sets", "Home > Sets"])
    new = Taxonomy.of(["Kitchen > Mugs", "Garden > Sets", "Toys", "Home"])
    changes = diff(old, new)
    assert ("moved", "name", "Home > Mugs", "Kitchen > Mugs") in _kinds(changes)
    assert {change.old for change in changes if change.kind == "removed"} == {"Home > Sets", "Toys > Sets"}
    assert {change.new for change in changes if change.kind == "added"} == {"Garden", "Garden > Sets", "Kitchen"}
