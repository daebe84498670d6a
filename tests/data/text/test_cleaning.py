import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.config.stages import IngestConfig
from pipeline.data.language import guess_language, language_code
from pipeline.data.text import clean_text, cut_text, listing_text, shown_text

anything = st.text(st.characters(), max_size=200)
SPOILERS = (
    "<p>|</p>|<b>|<script>|</script>|<style>a{b:c}</style>|&lt;|&amp;|&gt;|&#60;|<|>|script|&|{|}|color: red;|<!--|-->|"
    "\x00|\u200b|é|ﬁ| |word|<svg/onload=1>"
)
pieces = st.sampled_from(SPOILERS.split("|"))
markup = st.lists(st.one_of(pieces, st.text(max_size=3)), max_size=25).map("".join)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (None, ""),
        ("", ""),
        ("  two \n\t words ", "two words"),
        ("<p>One</p><p>Two<br>Three</p>", "One Two Three"),
        ("<b>bo</b>ld", "bold"),
        ("<ul><li>a</li><li>b</li></ul>", "a b"),
        ("<style>p{color:red}</style>Shirt<script>track('<b>')</script>", "Shirt"),
        ("Shirt<script>never closed", "Shirt"),
        ("<!-- hidden -->Shirt", "Shirt"),
        ("&lt;p&gt;escaped &amp;amp; twice&lt;/p&gt;", "escaped & twice"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;x", "x"),
        ("a < b and R&D", "a < b and R&D"),
        (".a, p > b{color:red; margin: 0 auto} Great shirt", "Great shirt"),
        ("@media (max-width: 3px) { .a{b:c}p{d:e} } Great", "Great"),
        ("Set {not a rule} of 3", "Set {not a rule} of 3"),
        ("ｆｕｌｌ ﬁt", "full fit"),
        ("soft\u00adhyphen zero\u200bwidth\ufeff", "softhyphen zerowidth"),
        ("a\x00b\x07c", "abc"),
        ("日本語 <i>テキスト</i>", "日本語 テキスト"),
        ("<template>x</template><noscript>y</noscript><svg><text>z</text></svg>w", "w"),
        ("<?xml version='1.0' encoding='latin1'?><p>é</p>", "é"),
    ],
)
def test_readable_text_is_what_a_browser_shows(raw, clean):
    assert clean_text(raw) == clean


@settings(deadline=None, max_examples=300)
@given(st.one_of(anything, markup))
@example("&" + "amp;" * 500 + "lt;script&gt;")
@example("&lt;" * 40 + "script>")
def test_cleaning_is_stable_and_leaves_nothing_dangerous(raw):
    text = clean_text(raw)
    assert clean_text(text) == text
    assert not re.search(r"</?script", text, re.IGNORECASE)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
    assert unicodedata.is_normalized("NFKC", text)
    assert text == " ".join(text.split())


AS_WRITTEN = [
    "KitchenHelper™ mixer ½ l",
    "Area 10 m², No. ①, H₂O proof",
    "کیف چرمی مشکی برای خانم\u200cها",
    "क्\u200dष कॉटन कुर्ता",
    "Family mug 👨\u200d👩\u200d👧 ❤️ 🏳️\u200d🌈",
    "แก้วกาแฟ\u200bเซรามิก",
    "ＦＵＬＬ ﬁt NaN None",
    "Poster [limited edition], paper [A3]",
]


@pytest.mark.parametrize("text", AS_WRITTEN)
def test_people_are_shown_the_characters_that_were_written(text):
    assert shown_text(f"<p> {text}</p>") == text
    listing = listing_text(text, text, IngestConfig())
    assert (listing.title, listing.description) == (text, text)
    assert listing.text == clean_text(text)


@settings(deadline=None, max_examples=300)
@given(st.one_of(anything, markup))
def test_cleaning_for_people_is_stable_and_leaves_no_markup(raw):
    text = shown_text(raw)
    assert shown_text(text) == text
    assert not re.search(r"</?script", text, re.IGNORECASE)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
    assert text == " ".join(text.split())


def test_invisible_characters_in_a_latin_text_are_removed_for_people_too():
    assert shown_text("zero\u200bwidth soft\u00adhyphen \u202eturned") == "zerowidth softhyphen turned"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<![CDATA[Brass desk lamp]]>", "Brass desk lamp"),
        ("<![CDATA[<p>Warm light, 40 cm</p>]]>", "Warm light, 40 cm"),
        ("&lt;![CDATA[Washable at 40 °C]]&gt;", "Washable at 40 °C"),
        (
            '[vc_row css=".vc_custom_1{color: #fff !important;}"][vc_column width="5/6"][vc_column_text]Natural '
            "rubber, lined.[/vc_column_text][/vc_column][/vc_row]",
            "Natural rubber, lined.",
        ),
        (
            '[et_pb_section fb_built="1" _builder_version="4.16"][et_pb_row]Glass, 1 l.[/et_pb_row][/et_pb_section]',
            "Glass, 1 l.",
        ),
        ('Printed on paper [A3], [gallery ids="11,12"] [limited edition]', "Printed on paper [A3], [limited edition]"),
        ("[caption]Oak[/caption] [b]bold[/b] [note] [2 x 3]", "Oak bold [note] [2 x 3]"),
    ],
)
def test_wrappers_and_shortcodes_go_their_text_stays(raw, clean):
    assert shown_text(raw) == clean
    assert clean_text(raw) == clean


def test_deep_and_long_markup_neither_fails_nor_takes_long():
    assert clean_text("<div>" * 20_000 + "deep") == "deep"
    assert clean_text("a, " * 50_000 + "{").startswith("a, a,")
    assert clean_text(".a" * 30_000 + "{").startswith(".a.a")
    assert clean_text("[a b=" * 20_000).startswith("[a b=")
    assert clean_text('[a b="' * 20_000).startswith("[a b=")


@given(st.text(max_size=60), st.integers(1, 40))
def test_cut_text_is_a_prefix_within_the_limit(text, limit):
    cut = cut_text(text, limit)
    assert len(cut) <= limit
    assert text.startswith(cut)


def test_cut_text_cuts_between_words():
    assert cut_text("one two three", 9) == "one two"
    assert cut_text("one two", 7) == "one two"
    assert cut_text("unbreakable", 4) == "unbr"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A shirt of cotton for the summer, made with care", "en"),
        ("Ein Hemd aus Baumwolle für den Sommer und die Reise", "de"),
        ("Une chemise en coton pour l'été avec des boutons", "fr"),
        ("Una camisa de algodón para el verano con botones", "es"),
        ("木綿のシャツです", "ja"),
        ("纯棉衬衫", "zh"),
        ("Хлопковая рубашка", "ru"),
        ("قميص قطني", "ar"),
        ("کیف چرمی مشکی", "fa"),
        ("12 34", ""),
        ("", ""),
        ("Norvik Arden X200", ""),
    ],
)
def test_language(text, language):
    assert guess_language(text) == language


@pytest.mark.parametrize(
    ("given", "code"),
    [("ro", "ro"), (" EN-us ", "en"), ("zh_Hans", "zh"), ("English", ""), ("", ""), ("e1", ""), ("ron", "")],
)
def test_a_language_code_is_two_letters_with_or_without_a_region(given, code):
    assert language_code(given) == code
