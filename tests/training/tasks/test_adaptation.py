"""Adapters of a text tower learned from titles: what a batch holds, what is learned, the file and who loads it."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.artifacts import ArtifactError
from pipeline.bundle.bundle import load_bundle
from pipeline.bundle.writer import save_bundle
from pipeline.cli import adapt
from pipeline.config.presets import compact, tiny
from pipeline.config.stages import ConfigError
from pipeline.data.vectors import unit
from pipeline.models.checkpoints import TowerError
from pipeline.models.encoding import encode_texts, make_tokens
from pipeline.models.feature_store import FeatureStore
from pipeline.models.towers import TextTower
from pipeline.models.two_tower import TwoTower
from pipeline.taxonomy.category_texts import CategoryText
from pipeline.training.distributed import make_accelerator
from pipeline.training.tasks.adaptation import AdaptationTask, Descriptions
from tests.helpers.hub.towers import save_bert

GOODS = {"Home > Kitchen > Mugs": "mug", "Home > Kitchen > Plates": "plate", "Toys > Outdoor > Kites": "kite"}
TITLES = [
    CategoryText(path, language, text)
    for path, name in GOODS.items()
    for language, text in (("en", f"red {name}"), ("en", f"blue {name}, small"), ("de", f"rote {name} klein"))
]
NAMES = [CategoryText("Home > Kitchen > Mugs", "de", "Becher"), CategoryText("Home > Kitchen", "fr", "Cuisine")]
TEXTS = ["red mug", "rote kite klein", "Home > Kitchen > Mugs"]


@pytest.fixture(scope="module")
def text_config(tmp_path_factory):
    """A tower as the hub serves it, with adapters."""
    folder = save_bert(tmp_path_factory.mktemp("hub") / "bert")
    return dataclasses.replace(tiny().model.text, model_id=str(folder), tokenizer="", architecture=(), width=16)


@pytest.fixture
def task(text_config, tmp_path):
    tower = TextTower(text_config)
    features = FeatureStore(tmp_path / "features", 0)
    return AdaptationTask(tower, make_tokens(text_config), Descriptions.of(TITLES, NAMES), features)


@pytest.fixture(scope="module")
def adapted(text_config, tmp_path_factory):
    """A file of adapters that change the tower, and the configuration that names it."""
    tower = TextTower(text_config)
    for name, value in tower.adapters():
        if "lora_B" in name:
            torch.nn.init.normal_(value, std=0.2)
    path = tmp_path_factory.mktemp("adapter") / "adapter.safetensors"
    digest = adapt.write_adapter(path, dict(tower.adapters()))
    tower.merge_adapters()
    return tower.eval(), dataclasses.replace(text_config, adapter=str(path), adapter_sha256=digest)


def test_texts_are_sorted_by_category_and_language():
    descriptions = Descriptions.of([*TITLES, CategoryText("Toys", "en", "only one title")], NAMES)
    assert list(descriptions.paths) == sorted(GOODS)
    assert descriptions.english[0] == ["red mug", "blue mug, small"]
    assert descriptions.foreign[0] == ["rote mug klein"]
    assert list(descriptions.names) == [("Becher", "Mugs"), ("Cuisine", "Kitchen")]
    assert sorted(map(sorted, descriptions.branches)) == [[0, 1], [2]]
    assert {"red mug", "Home > Kitchen > Mugs", "Mugs", "Kitchen"} <= set(descriptions.targets)
    assert "rote mug klein" not in descriptions.targets
    with pytest.raises(ArtifactError, match="two English titles"):
        Descriptions.of(TITLES[:1], NAMES)


def test_an_epoch_has_every_category_once_and_siblings_together(text_config, tmp_path):
    titles = [
        CategoryText(f"Top > Branch {branch} > Leaf {leaf}", "en", f"{color} {branch} {leaf}")
        for branch in range(5)
        for leaf in range(12)
        for color in ("red", "blue")
    ]
    descriptions = Descriptions.of(titles, [])
    features = FeatureStore(tmp_path, 0)
    task = AdaptationTask(TextTower(text_config), make_tokens(text_config), descriptions, features)
    batches = task.batches(12, np.random.default_rng(0))
    assert sorted(np.concatenate(batches).tolist()) == list(range(60))
    branch = {row: number for number, rows in enumerate(descriptions.branches) for row in rows.tolist()}
    for batch in batches:
        assert np.bincount([branch[row] for row in batch.tolist()]).max() >= 6
    losses = task.losses(task.module, batches[0], make_accelerator("no"))
    assert losses["names"] == 0


def test_what_stays_is_where_it_was_until_something_is_learned(task):
    torch.manual_seed(0)
    rows, accelerator = np.arange(3), make_accelerator("no")
    before = task.losses(task.module, rows, accelerator)
    assert set(before) == {"match", "kept", "names"}
    assert float(before["kept"].detach()) < 1e-3
    assert float(before["names"].detach()) > 0.01
    for name, value in task.parameters().items():
        if "lora_B" in name:
            torch.nn.init.normal_(value, std=0.2)
    assert float(task.losses(task.module, rows, accelerator)["kept"].detach()) > 0.01


def test_it_learns_which_titles_go_together(task):
    optimizer = torch.optim.AdamW(task.parameters().values(), lr=0.02)
    matches, accelerator = [], make_accelerator("no")
    for step in range(30):
        torch.manual_seed(step)
        losses = task.losses(task.module, np.arange(3), accelerator)
        matches.append(float(losses["match"].detach()))
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
    assert np.mean(matches[-5:]) < 0.6 * np.mean(matches[:5])


def test_the_command_writes_a_file_that_the_configuration_names(text_config, tmp_path, monkeypatch, capsys):
    titles, names = tmp_path / "titles.tsv", tmp_path / "names.tsv"
    ids = {path: f"x-{number}" for number, path in enumerate(GOODS)}
    lines = [f"{ids[each.path]}\t{each.language}\t{each.text}" for each in TITLES]
    titles.write_text("\n".join(lines), encoding="utf-8")
    names.write_text(f"{ids['Home > Kitchen > Mugs']}\tde\tBecher\n", encoding="utf-8")
    taxonomy = tmp_path / "categories.txt"
    taxonomy.write_text("\n".join(f"gid://shopify/TaxonomyCategory/{one} : {path}" for path, one in ids.items()))
    config = tiny()
    model = dataclasses.replace(config.model, text=text_config, dimension=16)
    train = dataclasses.replace(config.train, category_texts=(str(titles), str(names)))
    config = dataclasses.replace(config, model=model, train=train)
    monkeypatch.setattr(adapt, "STAGE", dataclasses.replace(adapt.STAGE, max_steps=2))
    out = tmp_path / "new" / "adapter.safetensors"
    adapt.adapt_command(config, taxonomy, tmp_path / "run", out, [str(names)])
    printed = capsys.readouterr().out
    named = dataclasses.replace(text_config, adapter=str(out), adapter_sha256=printed.split()[-1])
    tokens = make_tokens(text_config)
    plain, changed = (encode_texts(TextTower(each), tokens, TEXTS) for each in (text_config, named))
    assert not np.allclose(plain, changed, atol=1e-5)
    with pytest.raises(ConfigError, match="take compact"):
        adapt.adapt_command(tiny(), taxonomy, tmp_path / "run", out, [])


def test_a_tower_with_an_adapter_is_frozen_and_gives_what_was_learned(adapted, text_config):
    tower, config = adapted
    assert config.is_frozen
    assert not text_config.is_frozen
    tokens = make_tokens(config)
    loaded = TextTower(config)
    assert encode_texts(loaded, tokens, TEXTS) == pytest.approx(encode_texts(tower, tokens, TEXTS), abs=5e-3)
    assert encode_texts(TextTower(text_config), tokens, TEXTS) != pytest.approx(
        encode_texts(tower, tokens, TEXTS), abs=0.05
    )


def test_a_bundle_holds_the_adapter_and_needs_no_other_file(adapted, tmp_path):
    _, config = adapted
    copy = tmp_path / "adapter.safetensors"
    shutil.copy(config.adapter, copy)
    model_config = dataclasses.replace(
        tiny().model, text=dataclasses.replace(config, adapter=str(copy)), dimension=16, residual_text=True
    )
    model = TwoTower(model_config).eval()
    tokens = make_tokens(config)
    vectors = unit(np.random.default_rng(0).normal(size=(3, 16))).astype(np.float32)
    meta = {"preset": "tiny"}
    save_bundle(tmp_path / "model", model, tokens, categories=list(GOODS), category_vectors=vectors, seen=(), meta=meta)
    copy.unlink()
    bundle = load_bundle(tmp_path / "model")
    features = torch.from_numpy(encode_texts(model.text_tower, tokens, TEXTS))
    assert bundle.encode_texts(TEXTS) == pytest.approx(model.text_vectors(features).detach().numpy(), abs=5e-3)
    with torch.no_grad():
        base = model.text_base(features).numpy()
    assert bundle.encode_texts_untrained(TEXTS) == pytest.approx(base, abs=5e-3)


def test_another_file_is_a_sentence(adapted, tmp_path):
    _, config = adapted
    with pytest.raises(TowerError, match="not the expected one"):
        TextTower(dataclasses.replace(config, adapter_sha256="0" * 64))
    with pytest.raises(TowerError, match=r"of other layers or another rank \(first: "):
        TextTower(dataclasses.replace(config, lora_rank=3))
    fewer = load_file(config.adapter)
    fewer.pop(sorted(fewer)[0])
    save_file(fewer, tmp_path / "fewer.safetensors")
    with pytest.raises(TowerError, match="of other layers"):
        TextTower(dataclasses.replace(config, adapter=str(tmp_path / "fewer.safetensors"), adapter_sha256=None))
    with pytest.raises(TowerError, match="cannot be read"):
        TextTower(dataclasses.replace(config, adapter=str(tmp_path / "none.safetensors")))


def test_an_adapter_needs_its_layers_and_no_stage_trains_it():
    text = dataclasses.replace(tiny().model.text, adapter="x.safetensors")
    with pytest.raises(ConfigError, match="whose adapter is given"):
        dataclasses.replace(tiny(), model=dataclasses.replace(tiny().model, text=text))
    with pytest.raises(ConfigError, match="needs lora_rank"):
        dataclasses.replace(text, lora_rank=0, lora_targets=())
    assert compact().model.text.is_frozen
