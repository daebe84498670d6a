"""Tab "Review" without a browser: cards, keys, conflicts, assistants, downloads."""

import csv
import html
import json
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import unquote

import gradio as gr
import pytest

from pipeline.review.records import Decider, ReviewError
from pipeline.review.review import Review
from pipeline.review.store import Store
from tests.helpers.space.hostile_text import HOSTILE
from tests.helpers.space.reviews import reviewed, small_review, truth
from ui.guard import limits
from ui.tabs.review import answers, endpoint, handlers, view
from ui.tabs.review import reviews as module
from ui.tabs.review.cards import card_of, progress_of
from ui.tabs.review.reviews import SHARED, Reviews

ME, YOU = f"{SHARED} visitor 111111", f"{SHARED} visitor 222222"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path


@pytest.fixture
def reviews(workspace, folder):
    """With an operator's review, which everybody works on."""
    path = folder / "reviews.sqlite"
    small_review(path, 24, accepted=10).close()
    opened = Reviews(workspace, path)
    yield opened
    for key in list(opened._desks):
        opened.forget(key)


def _event(**values):
    return SimpleNamespace(_data={"picked": json.dumps(values)})


def _card(html):
    return int(html.split('data-product="')[1].split('"')[0])


def _choose(reviews, product, path=None, key=ME, version=0, **more):
    event = _event(do="choose", product=product, version=version, path=path or truth(product), **more)
    return handlers.pick(reviews, key, event)


def _row(reviews, product):
    return reviews.find(SHARED).review.state.decided.get(product)


def test_a_review_is_opened_and_worked_by_its_keys(reviews):
    opened = handlers.open_catalog(reviews)
    key, html, product = opened[0], opened[3], opened[4]
    assert key.startswith(f"{SHARED} visitor ")
    assert product == _card(html)
    for shown in (
        "<kbd>a</kbd> Accept",
        "<kbd>g</kbd>",
        "<kbd>/</kbd>",
        "<kbd>s</kbd>",
        "<kbd>u</kbd>",
        "<kbd>1</kbd>",
    ):
        assert shown in html
    assert "<b>0</b> of 24 decided" in html
    html, following, words, _ = _choose(reviews, product, key=key)
    assert (following, words) == (_card(html), "")
    assert following != product
    assert "<b>1</b> of 24 decided" in html
    html, back, *_ = handlers.pick(reviews, key, _event(do="undo"))
    assert back == product, "what is undone is shown again"
    assert _row(reviews, product) is None
    html, skipped, *_ = handlers.pick(reviews, key, _event(do="skip", product=product, version=2))
    assert skipped != product
    assert "1 put off" in html


def test_a_group_is_decided_with_what_was_seen_of_it(reviews):
    html = handlers.open_catalog(reviews)[3]
    review = reviews.find(SHARED).review
    product = next(one for one in range(24) if len(review.group(one)) >= 2)
    members = review.group(product)
    html, *_ = handlers.pick(reviews, ME, _event(do="show", product=product))
    assert all(f'data-product="{one}"' in html for one in members)
    others = dict.fromkeys(map(str, members[1:]), 0)  # the first was clicked: it is not like the others
    _choose(reviews, product, others=others)
    assert set(review.state.decided) == {product, *members[1:]}


def test_what_somebody_else_decided_is_told_and_stays(reviews):
    _choose(reviews, 3, key=YOU)
    html, product, *_ = _choose(reviews, 3, path="Home")
    assert "In the meantime visitor 222222 decided it to be" in html
    assert product == 3
    assert _row(reviews, 3).decider.name == "visitor 222222"
    assert "Decided already by a person" in html


@pytest.mark.parametrize(
    "step",
    [
        {"do": "delete"},
        {"do": "choose", "product": "3", "version": 0, "path": "Home"},
        {"do": "choose", "others": {"x": 0}},
        {"do": "undo", "more": 1},
    ],
)
def test_other_keys_are_refused(reviews, step):
    with pytest.raises(gr.Error, match="does nothing here"):
        handlers.pick(reviews, ME, _event(**step))


@pytest.mark.parametrize("step", [{"do": "choose", "product": 999, "path": "Home"}, {"do": "skip", "product": -1}])
def test_products_that_are_not_there_are_a_sentence(reviews, step):
    html, *_ = handlers.pick(reviews, ME, _event(**step))
    assert "This review has no product" in html


@pytest.mark.parametrize("key", ["", "x", f"{'a' * 64} visitor 111111", f"{SHARED} root"])
def test_other_reviews_are_not_found(reviews, key):
    with pytest.raises(gr.Error, match="no longer here"):
        handlers.pick(reviews, key, _event(do="undo"))


def test_hostile_titles_are_text(workspace, folder):
    store = small_review(folder / "r.sqlite", 8)
    hostile = replace(reviewed(8), title=HOSTILE, text=f"{HOSTILE} {HOSTILE}", path="Clothing")
    store.add([hostile], [0])
    review = Review(store)
    review.decide(0, "Home", Decider("<b>x</b>"), version=0, why=HOSTILE)
    html = view.desk(card_of(review, 8), progress_of(review), HOSTILE, notice=HOSTILE)
    html += view.history(review, review.store.decisions()) + view.desk(card_of(review, 1), progress_of(review), "x")
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "<b>x</b>" not in html
    review.close()


def test_the_taxonomy_is_searched_by_words_letters_and_ids(reviews):
    handlers.open_catalog(reviews)
    desk = reviews.find(SHARED)
    assert handlers.find(reviews, desk, "id-5")[0] == "Home > Vases"
    assert handlers.find(reviews, desk, "vase")[0] == "Home > Vases"
    assert handlers.find(reviews, desk, "polos shirt")[0] == "Clothing > Shirts > Polos"
    drawn = handlers.look_up(reviews, ME, 3, "vases")
    value = json.loads(html.unescape(drawn.value.split('data-decide="')[1].split('"')[0]))
    assert value == {"do": "choose", "product": 3, "version": 0, "path": "Home > Vases"}
    assert not handlers.look_up(reviews, ME, 3, "").visible


def test_a_reload_finds_the_review_and_its_reviewer(reviews):
    _choose(reviews, 3)
    opened = handlers.restore(reviews, SimpleNamespace(_data={"picked": f"open:{ME}"}))
    assert opened[1] == ME
    assert "<b>1</b> of 24 decided" in opened[4]
    _, product, *_ = handlers.pick(reviews, ME, _event(do="undo"))
    assert product == 3
    assert handlers.restore(reviews, SimpleNamespace(_data={"picked": ":gone visitor 1"}))[1] == ""


def test_the_catalogue_is_reviewed_apart_for_each_visitor_and_forgotten(workspace, folder, monkeypatch):
    monkeypatch.setattr(module, "MAX_REVIEWS", 2)
    own = Reviews(workspace)
    keys = [handlers.open_catalog(own)[0].split()[0] for _ in range(3)]
    assert len(set(keys)) == 3
    with pytest.raises(gr.Error, match="no longer here"):
        own.find(keys[0])
    path = own.find(keys[1]).review.store.path
    path.unlink()
    with pytest.raises(gr.Error, match="no longer here"):
        own.find(keys[1])
    with pytest.raises(gr.Error, match="There is no review of this name"):
        own.find("")


def test_a_damaged_review_of_the_operator_is_a_sentence(workspace, folder):
    path = folder / "reviews.sqlite"
    path.write_bytes(b"nothing" * 999)
    with pytest.raises(ReviewError, match="is damaged"):
        Reviews(workspace, path).find("")


def test_the_review_is_downloaded_with_its_decisions_and_the_second_look(reviews):
    desk = reviews.find(SHARED)
    records = [
        json.dumps({"product_id": one, "path": path, "needs_review": True})
        for one, path in zip(desk.review.products.ids, desk.review.products.paths, strict=True)
    ]
    desk.review.store.records = lambda: records
    _choose(reviews, 3)
    html, first = handlers.look(reviews, ME, 4)
    assert "left of the second look" in html
    html, *_ = _choose(reviews, first, desk.review.products.paths[first], look=True)
    drawn, address = handlers.download(reviews, ME, "csv")
    assert "1 drawn at random were looked at a second time and 0 were wrong" in drawn.value
    path = unquote(address.partition("file=")[2])
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["decided_by"] for row in rows].count("person") == 2
    with pytest.raises(gr.Error, match="no such format"):
        handlers.download(reviews, ME, "same")


def test_history_and_gaps_are_shown(reviews):
    _choose(reviews, 3)
    assert "clock 3" in handlers.history(reviews, ME)
    assert "No group of products" in handlers.gaps(reviews, ME) or "nearest" in handlers.gaps(reviews, ME)


def test_an_assistant_works_the_queue_under_its_own_name(reviews):
    answer = endpoint.review_next(reviews, count=3, search="vases")
    assert len({card["product"] for card in answer["cards"]}) == 3
    card = answer["cards"][0]
    assert "Home > Vases" in [one["category_path"] for one in card["alternatives"]]
    step = endpoint.review_decide(reviews, card["product"], 0, "id-5", name="robot", why="a guess")
    [made] = step["decisions"]
    assert (made["role"], made["name"], made["after"], made["why"]) == ("assistant", "robot", "Home > Vases", "a guess")
    assert step["progress"]["by_assistants"] == 1
    with pytest.raises(gr.Error, match="In the meantime robot decided"):
        endpoint.review_decide(reviews, card["product"], 0, "Home", name="other")
    assert endpoint.review_next(reviews, which="assistants")["cards"][0]["decided_by"] == "assistant"
    records = [json.dumps({"path": path}) for path in reviews.find("").review.products.paths]
    reviews.find("").review.store.records = lambda: records
    assert len(endpoint.review_export(reviews, by="assistant")["rows"]) == 1
    exported = endpoint.review_export(reviews, count=20)
    assert (len(exported["rows"]), exported["next_start"]) == (20, 20)
    assert endpoint.review_undo(reviews, name="robot")["progress"]["decided"] == 0
    for card in answer["cards"][1:]:
        endpoint.review_decide(reviews, card["product"], 0, "Home", name="robot")
    assert len(endpoint.review_undo(reviews, name="robot", everything=True)["decisions"]) == 2
    assert endpoint.review_progress(reviews)["decided"] == 0
    put_off = endpoint.review_decide(reviews, answer["cards"][1]["product"], 2, name="robot")["decisions"]
    assert [one["action"] for one in put_off] == ["skip"]


def test_an_assistant_decides_a_group_but_nothing_beside_it(reviews):
    review = reviews.find("").review
    product = next(one for one in range(24) if review.group(one))
    others = review.group(product)
    stranger = next(one for one in range(24) if one not in (product, *others))
    with pytest.raises(gr.Error, match="Only open products of its group"):
        endpoint.review_decide(reviews, product, 0, "Home", also=[stranger])
    made = endpoint.review_decide(reviews, product, 0, "Home", also=others)["decisions"]
    assert {one["product"] for one in made} == {product, *others}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda one: endpoint.review_next(one, count=limits.MAX_CARDS + 1), "between 1 and"),
        (lambda one: endpoint.review_next(one, which="all"), "Ask for 'queue'"),
        (lambda one: endpoint.review_decide(one, 0, 0, "Nothing"), "is no category"),
        (lambda one: endpoint.review_decide(one, 99, 0, "Home"), "no product 99"),
        (lambda one: endpoint.review_decide(one, 0, 0, "Home", name="<b>"), "A name has"),
        (lambda one: endpoint.review_decide(one, 0, 0, "Home", why="x" * 501), "at most 500"),
        (lambda one: endpoint.review_export(one, by="nobody"), "Ask for 'person'"),
        (lambda one: endpoint.review_export(one, count=0), "count between 1"),
        (lambda one: endpoint.review_undo(one), "nothing to undo"),
        (lambda one: endpoint.review_progress(one, "x" * 64), "no longer here"),
    ],
)
def test_calls_that_cannot_be_answered_are_a_sentence(reviews, call, sentence):
    with pytest.raises(gr.Error, match=sentence):
        call(reviews)


def test_answers_of_classify_are_accepted_and_corrected(reviews):
    before = len(reviews.find(SHARED).review.products)
    opened = answers.accept(reviews, "", None, "blue polo shirt", "")
    review = reviews.find(SHARED).review
    assert review.products.titles[before] == "blue polo shirt"
    assert _row(reviews, before).action == "accept"
    _, *opened = answers.correct(reviews, opened[0], None, "oak clock", "")
    assert _card(opened[3]) == opened[4] == before + 1
    _choose(reviews, before + 1, "Home > Clocks", key=opened[0])
    assert Store.open(review.store.path).decisions()[-1].after == "Home > Clocks"
