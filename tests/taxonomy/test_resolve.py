"""Category cells: ids and numbers become paths or nothing, other spellings become one."""

import pytest

from pipeline.taxonomy.paths import Taxonomy
from pipeline.taxonomy.resolve import NO_TAXONOMY, Resolver, Spelling

GID = "gid://shopify/TaxonomyCategory/"
MUGS = "Home & Garden > Mugs"
SHOPIFY = Taxonomy.of((), by_id={f"{GID}hg": "Home & Garden", f"{GID}hg-3": MUGS, f"{GID}fr-22-7": "Furniture > Beds"})
GOOGLE = Taxonomy.of((), by_id={"536": "Home & Garden", "2169": MUGS})


@pytest.mark.parametrize(
    ("taxonomy", "cell", "path"),
    [
        (SHOPIFY, "fr-22-7", "Furniture > Beds"),
        (SHOPIFY, f"{GID}hg-3", MUGS),
        (SHOPIFY, "hg", "Home & Garden"),
        (SHOPIFY, f"{GID}hg-3 : Home > Cups", MUGS),
        (SHOPIFY, MUGS, MUGS),
        (SHOPIFY, "HOME & garden > mugs > Tall", "Home & Garden > Mugs > Tall"),
        (SHOPIFY, "Decor > Vases", "Decor > Vases"),
        (SHOPIFY, "tv", "tv"),
        (SHOPIFY, "Decor/hg", "Decor/hg"),
        (SHOPIFY, "gid://shopify/Taxonomy/Category/hg-3", MUGS),
        (GOOGLE, "2169", MUGS),
        (GOOGLE, "2169.0", MUGS),
        (GOOGLE, "2169 - Home & Garden > Cups", MUGS),
        (GOOGLE, "3 - 5 years", "3 - 5 years"),
        (Taxonomy.of(["1984", "Books"]), "1984", "1984"),
        (Taxonomy.of((), by_id={"CAT-17": "Books"}), "CAT-17", "Books"),
    ],
)
def test_a_cell_is_looked_up(taxonomy, cell, path):
    assert Resolver(taxonomy).resolve(cell) == path


@pytest.mark.parametrize("cell", ["fr-22-8", f"{GID}aa-1-4", "gid://shopify/ProductTaxonomyNode/12", "2271", "173.0"])
def test_an_id_that_the_taxonomy_lacks_is_no_category(cell):
    for resolver in (NO_TAXONOMY, Resolver(SHOPIFY), Resolver(GOOGLE)):
        assert resolver.resolve(cell) is None


def test_the_most_frequent_spelling_counts_where_no_taxonomy_has_one():
    used = ["Clothing > T-Shirts", "Clothing > T-shirts", "clothing > t-shirts", "Clothing > T-shirts"]
    spelling = Spelling.of(Taxonomy.of(()), used)
    assert {spelling.spell(path) for path in used} == {"Clothing > T-shirts"}
    given = Spelling.of(Taxonomy.of(["CLOTHING"]), used)
    two = Taxonomy.of(["Home > polish", "Home > Polish"])
    assert [Spelling.of(two, used).spell(path) for path in ("Home > polish", "Home > Polish")] == [
        "Home > polish",
        "Home > Polish",
    ]
    assert {given.spell(path) for path in used} == {"CLOTHING > T-shirts"}
