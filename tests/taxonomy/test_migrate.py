"""What becomes of a catalogue's categories in another taxonomy."""

from pipeline.taxonomy.mappings import Category, CategoryMapping
from pipeline.taxonomy.migrate import Target, migrate
from pipeline.taxonomy.paths import Taxonomy

GID = "gid://shopify/TaxonomyCategory/"
OLD = Taxonomy.of(
    (),
    by_id={
        f"{GID}hg": "Home",
        f"{GID}hg-1": "Home > Mugs",
        f"{GID}hg-2": "Home > Sets",
        f"{GID}hg-3": "Home > Vases",
        f"{GID}hg-4": "Home > Odd",
        f"{GID}hg-5": "Home > Clocks",
    },
)
NEW = Taxonomy.of(
    (),
    by_id={
        f"{GID}hg": "Home",
        f"{GID}hg-1": "Home > Cups & Mugs",
        f"{GID}hg-7": "Home > Tea Sets",
        f"{GID}hg-8": "Home > Coffee Sets",
        f"{GID}de": "Decor",
        f"{GID}de-1": "Decor > Vases",
        f"{GID}hg-9": "Home > Clocks",
    },
)
MAPPING = CategoryMapping(
    "shopify/1",
    "shopify/2",
    by_id={
        "hg-1": (Category("Decor", f"{GID}de"),),
        "hg-2": (Category("Home > Tea Sets", f"{GID}hg-7"), Category("Home > Coffee Sets", f"{GID}hg-8")),
        "hg-3": (Category("Decor > Vases", f"{GID}de-1"),),
    },
)


def _moves(*cells, **options):
    return {move.cell: move for move in migrate(dict.fromkeys(cells, 2), OLD, NEW, **options)}


def test_a_category_is_found_by_its_id_before_all_else():
    moves = _moves("Home > Mugs", "hg-1", f"{GID}hg-1", "Home", mapping=MAPPING)
    for cell in ("Home > Mugs", "hg-1", f"{GID}hg-1"):
        assert (moves[cell].kind, moves[cell].by) == ("renamed", "id")
        assert moves[cell].targets == (Target("Home > Cups & Mugs", f"{GID}hg-1"),)
    assert (moves["Home"].kind, moves["Home"].products) == ("unchanged", 2)


def test_then_by_the_mapping_which_may_split_it():
    moves = _moves("Home > Sets", "Home > Vases", mapping=MAPPING)
    assert (moves["Home > Vases"].kind, moves["Home > Vases"].by) == ("moved", "mapping")
    assert moves["Home > Vases"].targets == (Target("Decor > Vases", f"{GID}de-1"),)
    assert moves["Home > Sets"].kind == "split"
    assert [target.id for target in moves["Home > Sets"].targets] == [f"{GID}hg-7", f"{GID}hg-8"]


def test_then_by_the_path_and_else_it_is_deleted_or_unknown():
    moves = _moves("Home > Clocks", "Home > Odd", "Food > Tea", "fr-1", "Home > Tea Sets")
    assert (moves["Home > Clocks"].kind, moves["Home > Clocks"].by) == ("new id", "path")
    assert moves["Home > Clocks"].targets == (Target("Home > Clocks", f"{GID}hg-9"),)
    assert (moves["Home > Odd"].kind, moves["Home > Odd"].targets) == ("deleted", ())
    assert (moves["Food > Tea"].kind, moves["fr-1"].kind) == ("unknown", "unknown")
    assert moves["Home > Tea Sets"].kind == "unchanged"  # of the new taxonomy already


def test_vectors_propose_only_where_nothing_else_is_known():
    asked = []

    def nearest(paths):
        asked.extend(paths)
        return [("Decor", 0.25) for _ in paths]

    moves = _moves("Home > Odd", "Home > Mugs", "Food > Tea", "fr-1", nearest=nearest)
    assert sorted(asked) == ["Food > Tea", "Home > Odd"]
    assert (moves["Home > Odd"].kind, moves["Home > Odd"].by) == ("deleted", "vectors")
    assert moves["Home > Odd"].targets == (Target("Decor", f"{GID}de", 0.25),)
    assert moves["Home > Mugs"].by == "id"
    assert moves["fr-1"].targets == ()  # an id means nothing to a text tower
