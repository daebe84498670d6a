"""Categories are found by letters, by names in other languages, and by what words mean."""

from pipeline.search.query import QueryEncoder
from pipeline.search.words.category_search import CategorySearch
from pipeline.taxonomy.category_texts import CategoryText
from pipeline.taxonomy.paths import Taxonomy
from tests.helpers.fakes import CATEGORIES, FakeBundle

NAMES = [CategoryText("Home > Vases", "de", "Blumenvasen"), CategoryText("Home > Clocks", "ja", "時計")]
TAXONOMY = Taxonomy.of(CATEGORIES)


def test_letters_find_whole_names_first_and_all_words_count():
    search = CategorySearch(TAXONOMY, NAMES, None)
    assert search.find("shirts", 3) == ["Clothing > Shirts", "Clothing > Shirts > Polos"]
    assert search.find("POLO shirt", 3) == ["Clothing > Shirts > Polos"]
    assert search.find("vasen", 3) == ["Home > Vases"]
    assert search.find("時計", 3) == ["Home > Clocks"]
    assert search.find("x", 3) == search.find("nothing", 3) == []


def test_meaning_finds_what_no_letters_do():
    search = CategorySearch(TAXONOMY, NAMES, QueryEncoder(FakeBundle()))
    found = search.find("home clock", 4)
    assert found[0] == "Home > Clocks"
    assert len(found) == 4
    other = CategorySearch(Taxonomy.of(["Elsewhere"]), [], QueryEncoder(FakeBundle()))
    assert other.find("clock", 4) == [], "paths of another taxonomy are not found"
