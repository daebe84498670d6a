"""Teachers of every kind, and what they see in views of photos."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import SiglipImageProcessorPil

from pipeline.config.presets import siglip2_bge, tiny, with_teacher
from pipeline.config.train import TrainStage
from pipeline.model.distillation import Lessons, Photos, make_lessons, spread
from pipeline.model.imitation_task import ImitationTask
from pipeline.model.teachers import TowerTeacher, load_teacher, teacher_tower
from pipeline.models.encoding import to_pixels
from pipeline.models.towers import TowerError
from pipeline.models.two_tower import TwoTower
from pipeline.training.augment import EVERYWHERE, STRENGTHS, apply_views, draw_views
from pipeline.training.dataset import Examples
from pipeline.training.distributed import make_accelerator
from pipeline.training.tasks.vision import VisionTask
from tests.helpers.hub.towers import save_bert, save_siglip
from tests.training.test_dataset import PATHS

PLAIN_TERMS = {"category", "listwise", "classifier", "alignment"}
CORAL = Path(__file__).resolve().parents[3] / "shared/data/teacher/mobilenet_v2_1.0_224_quant.tflite"


@pytest.fixture(scope="module")
def siglip(tmp_path_factory):
    """A SigLIP checkpoint with its image processor, as on the hub."""
    folder = save_siglip(tmp_path_factory.mktemp("teacher"))
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (7, 40, 40, 3), dtype=np.uint8)
    return Photos(images, np.array([6, 0, 3, 2, 1]), rng.integers(0, 256, (90, 16, 16, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def anything(photos):
    return Photos(photos.grounds, np.arange(len(photos.grounds)), photos.grounds)


class Counting:
    """A teacher whose features are mean colours; counts what it is shown."""

    def __init__(self):
        self.config = dataclasses.replace(tiny().model.vision, width=3, image_size=24)
        self.shown = 0

    def __call__(self, pixels):
        self.shown += len(pixels)
        return pixels.mean((2, 3)).numpy()


def _lessons(photos, folder, load, turns=2):
    return make_lessons(load, "key", photos, turns=turns, strength=EVERYWHERE, seed=3, folder=folder)


def test_a_hub_checkpoint_teaches_by_its_vision_half(siglip):
    config = teacher_tower(str(siglip))
    assert (config.model_class, config.width, config.image_size) == ("SiglipVisionModel", 16, 32)
    teacher = load_teacher(config)
    assert isinstance(teacher, TowerTeacher)
    assert teacher(torch.rand(3, 3, 32, 32) * 255).shape == (3, 16)


def test_what_cannot_teach_is_one_sentence(tmp_path, siglip):
    with pytest.raises(TowerError, match="does not exist"):
        teacher_tower(str(tmp_path / "none.tflite"))
    with pytest.raises(TowerError, match="cannot be loaded"):
        teacher_tower(str(save_bert(tmp_path / "bert")))
    with pytest.raises(ValueError, match="trains no vision tower"):
        with_teacher(siglip2_bge(), teacher_tower(str(siglip)))


def test_a_litert_file_without_its_runtime_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.tflite").write_bytes(b"no model")
    config = teacher_tower(str(tmp_path / "t.tflite"))
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(TowerError, match=r"requirements-distill\.txt"):
        load_teacher(config)


def test_a_damaged_litert_file_is_one_sentence(tmp_path):
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert (requirements-distill.txt) is not installed")
    (tmp_path / "t.tflite").write_bytes(b"no model")
    with pytest.raises(TowerError, match="no model that LiteRT can run"):
        load_teacher(teacher_tower(str(tmp_path / "t.tflite")))


def test_a_coral_mobilenet_teaches():
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert (requirements-distill.txt) is not installed")
    if not CORAL.exists():
        pytest.skip("the teacher's file lies outside the project and is not there")
    teacher = load_teacher(teacher_tower(str(CORAL)))
    features = teacher(torch.rand(2, 3, 224, 224) * 255)
    assert features.shape == (2, 1280)
    assert features.min() >= 0
    assert features.std() > 0.1


def test_teacher_and_learner_see_the_same_view(photos, tmp_path):
    lessons = _lessons(photos, tmp_path, Counting)
    views, seen = lessons.batch(np.array([4, 2, 0]), np.array([1, 0, 1]), 24)
    assert seen.numpy() == pytest.approx(views.mean((2, 3)).numpy(), rel=2e-3, abs=0.1)
    assert seen.std(0).min() > 1


def test_views_are_of_the_counted_photos_with_their_grounds(photos):
    views = draw_views(2, EVERYWHERE, grounds=90, generator=torch.Generator().manual_seed(0))
    made = photos.show(np.array([0, 4]), views, 20)
    grounds = to_pixels(photos.grounds[np.maximum(views.ground_from.numpy(), 0)])
    assert torch.allclose(made, apply_views(to_pixels(photos.images[[6, 1]]), views, 20, grounds), atol=1e-3)


def test_what_the_teacher_saw_is_not_shown_again(photos, tmp_path):
    teacher = Counting()
    first = _lessons(photos, tmp_path, lambda: teacher, turns=1)
    assert teacher.shown == len(photos)
    more = _lessons(photos, tmp_path, lambda: teacher, turns=2)
    assert teacher.shown == 2 * len(photos)
    assert np.array_equal(first.features[0], more.features[0])

    def never():
        raise AssertionError("nothing was left to see")

    _lessons(photos, tmp_path, never, turns=2)


def _examples(count):
    return Examples(
        texts=["mug"] * count,
        image_rows=np.array([6, 0, 3, 2, 1])[:count],
        truth=np.arange(count) % 3,
        candidates=np.tile(np.arange(len(PATHS)), (count, 1)),
        target=np.arange(count) % 3,
        paths=tuple(PATHS),
    )


def _task(photos, lessons=None, anything=None):
    config = tiny()
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    return VisionTask(
        TwoTower(config.model),
        TrainStage("vision", ("vision",), batch_size=4),
        dataclasses.replace(config.train, photo_share=0.5),
        train=_examples(5),
        validation=[_examples(4)],
        images=photos.images,
        train_texts=rng.normal(size=(5, 32)).astype(np.float32),
        path_features=rng.normal(size=(len(PATHS), 32)).astype(np.float32),
        lessons=lessons,
        anything=anything,
    )


@pytest.fixture
def taught(photos, anything, tmp_path):
    return _task(photos, _lessons(photos, tmp_path, Counting), _lessons(anything, tmp_path, Counting, turns=1))


def test_batches_mix_products_with_photos_of_anything(taught):
    batches = taught.batches(4, np.random.default_rng(0))
    assert [batch.shape for batch in batches] == [(4, 2), (4, 2)]
    assert [(batch[:, 0] < 5).tolist() for batch in batches] == [[True, True, False, False]] * 2
    assert len({number for batch in batches for number in batch[:, 0] if number < 5}) == 4
    assert max(int(batch[:, 0].max()) for batch in batches) < 5 + 90
    many = np.concatenate([batch for seed in range(9) for batch in taught.batches(4, np.random.default_rng(seed))])
    assert set(many[many[:, 0] < 5, 1]) == {0, 1}
    assert set(many[many[:, 0] >= 5, 1]) == {0}


def test_the_teacher_is_a_loss_term_and_its_map_learns(taught):
    (rows, _) = taught.batches(4, np.random.default_rng(0))
    terms = taught.losses(taught.module, rows, make_accelerator("no"))
    assert set(terms) == {"teacher"} | PLAIN_TERMS
    terms["teacher"].backward()
    assert taught.module.imitation.weight.grad.abs().sum() > 0
    assert taught.module.image_head.contract.weight.grad is None


def test_a_process_may_get_photos_of_anything_only(taught):
    rows = np.array([[70, 0], [71, 0]])
    assert set(taught.losses(taught.module, rows, make_accelerator("no"))) == {"teacher"}


def test_views_grow_as_training_goes_on(photos):
    task = _task(photos)
    task.stage = dataclasses.replace(task.stage, sizes=((0.5, 16), (1.0, 24)))
    assert _sides(task, (0.0, 0.49, 0.5, 0.99)) == [16, 16, 24, 24]
    task.stage = dataclasses.replace(task.stage, sizes=())
    assert _sides(task, (0.9,)) == [task.size] == [32]


def _sides(task, shares):
    """Of the views that a task shows its module after these shares of the steps."""
    seen = []

    def module(pixels):
        seen.append(pixels.shape[2])
        return task.module(pixels)

    rows = task.batches(4, np.random.default_rng(0))[0]
    for done in shares:
        task.losses(module, rows, make_accelerator("no"), done)
    return seen


def test_who_says_what_the_teacher_says_has_no_loss(taught):
    rows = np.array([[0, 1], [3, 0], [60, 0]])
    mean, deviation = spread([taught.lessons, taught.anything])
    own, others = (
        lessons.batch(part[:, 0], part[:, 1], 8)[1]
        for lessons, part in ((taught.lessons, rows[:2]), (taught.anything, rows[2:] - np.array([5, 0])))
    )
    seen = torch.cat([own, others])

    def module(pixels):
        return {**taught.module(pixels), "taught": 3 * (seen - mean) / deviation}

    assert float(taught.losses(module, rows, make_accelerator("no"))["teacher"]) == pytest.approx(0, abs=1e-5)


def test_without_a_teacher_there_is_nothing_to_imitate(photos):
    task = _task(photos)
    batches = task.batches(4, np.random.default_rng(0))
    assert [len(batch) for batch in batches] == [4]
    assert set(task.losses(task.module, batches[0], make_accelerator("no"))) == PLAIN_TERMS
    assert task.module.imitation is None


def test_lessons_of_some_photos(photos, tmp_path):
    lessons = _lessons(photos, tmp_path, Counting)
    some = lessons.of_photos(np.array([3, 1]))
    assert len(some.photos) == 2
    (theirs, seen), (same, wanted) = (
        part.batch(np.array(numbers), np.array([1, 0]), 16) for part, numbers in ((some, [0, 1]), (lessons, [3, 1]))
    )
    assert torch.equal(theirs, same)
    assert torch.equal(seen, wanted)


def test_lessons_of_several_kinds_of_views(photos, tmp_path):
    plain = make_lessons(Counting, "key", photos, turns=2, strength=STRENGTHS["plain"], seed=3, folder=tmp_path)
    both = Lessons.joined([_lessons(photos, tmp_path, Counting), plain])
    assert (both.turns, both.kinds) == (2, 2)
    numbers, turns = np.array([4, 2]), np.array([1, 0])
    for wanted, given in zip(
        plain.of_photos(numbers).batch(np.array([0, 1]), turns, 24),
        both.of_photos(numbers).batch(np.array([0, 1]), turns, 24, kind=1),
        strict=True,
    ):
        assert torch.equal(wanted, given)
    assert not torch.equal(both.batch(numbers, turns, 24)[1], both.batch(numbers, turns, 24, kind=1)[1])


@pytest.mark.parametrize("alone", [True, False])
def test_views_change_their_kind_as_training_goes_on(photos, anything, tmp_path, alone):
    shown = [
        Lessons.joined(
            [
                make_lessons(Counting, "key", each, turns=2, strength=STRENGTHS[name], seed=3, folder=tmp_path)
                for name in ("everywhere", "plain")
            ]
        )
        for each in (photos, anything)
    ]
    task = _task(photos, *shown)
    if alone:
        task = ImitationTask(TwoTower(tiny().model).vision_tower, task.stage, task.config, shown)
    task.stage = dataclasses.replace(task.stage, views=((0.5, "everywhere"), (1.0, "plain")))
    rows = task.batches(4, np.random.default_rng(0))[0]
    asked = []
    for each in task.lessons if alone else (task.lessons, task.anything):
        batch = each.batch
        object.__setattr__(each, "batch", lambda *given, batch=batch: asked.append(given[3]) or batch(*given))
    for done in (0.0, 0.49, 0.5, 0.9):
        kinds, asked[:] = {0} if done < 0.5 else {1}, []
        task.losses(task.module, rows, make_accelerator("no"), done)
        assert set(asked) == kinds


def test_spread_is_that_of_the_features(photos, anything, tmp_path):
    lessons = [_lessons(photos, tmp_path, Counting), _lessons(anything, tmp_path, Counting)]
    mean, deviation = spread(lessons)
    features = np.concatenate([each.features[0].astype(np.float32) for each in lessons])
    assert mean.numpy() == pytest.approx(features.mean(0), rel=1e-3)
    assert deviation.numpy() == pytest.approx(features.std(0), rel=1e-3)


@pytest.fixture
def imitation(photos, anything, tmp_path):
    lessons = [_lessons(photos, tmp_path, Counting), _lessons(anything, tmp_path, Counting, turns=1)]
    config = tiny()
    torch.manual_seed(0)
    stage = TrainStage("imitation", ("imitation",), batch_size=8)
    return ImitationTask(TwoTower(config.model).vision_tower, stage, config.train, lessons)


def test_imitation_shows_every_photo_but_those_held_out_once(imitation):
    batches = imitation.batches(8, np.random.default_rng(0))
    assert {batch.shape for batch in batches} == {(8, 2)}
    rows = np.concatenate(batches)
    assert len(set(rows[:, 0])) == len(rows) == (95 - 1) // 8 * 8
    assert not imitation.held_out[rows[:, 0]].any()
    assert set(rows[rows[:, 0] < 5, 1]) <= {0, 1}
    assert set(rows[rows[:, 0] >= 5, 1]) == {0}


def test_imitation_shows_what_the_teacher_saw(imitation):
    rows = np.array([[60, 0], [3, 1], [7, 0], [0, 0]])
    views, seen = imitation._shown(rows, 24, 0)
    assert seen.numpy() == pytest.approx(views.mean((2, 3)).numpy(), abs=1)
    assert np.ptp(seen.numpy(), axis=0).min() > 10


def test_who_says_what_the_teacher_says_imitates_without_loss(imitation):
    rows = np.array([[60, 0], [3, 1], [7, 0], [0, 0]])
    targets = imitation._targets(imitation._shown(rows, 32, 0)[1])
    right, wrong = (
        imitation.losses(lambda pixels, said=said: said, rows, make_accelerator("no"))
        for said in (5 * targets, 5 * targets.roll(1, 0))
    )
    assert float(right["teacher"]) == pytest.approx(0, abs=1e-5)
    assert float(right["contrast"]) < float(wrong["contrast"])
    assert float(wrong["teacher"]) > 1


def test_imitation_learns_and_is_told_by_photos_not_learnt_from(imitation):
    before = imitation.validate()
    assert set(before) == {"lessons1_cosine", "score"}  # five products are too few to hold one out
    optimizer = torch.optim.AdamW(imitation.module.parameters(), lr=3e-3)
    imitation.module.train()
    for epoch in range(8):
        for rows in imitation.batches(16, np.random.default_rng(epoch)):
            loss = sum(imitation.losses(imitation.module, rows, make_accelerator("no")).values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    imitation.module.eval()
    rows = np.concatenate(imitation.batches(16, np.random.default_rng(0)))
    with torch.no_grad():
        after = imitation.losses(imitation.module, rows, make_accelerator("no"))["teacher"]
    assert float(after) < 0.8 * imitation.config.teacher_weight


def test_nobody_imitates_without_photos_or_without_a_teacher(imitation):
    config = tiny()
    none = [each.of_photos(np.array([], dtype=int)) for each in imitation.lessons]
    with pytest.raises(ValueError, match="--photos"):
        ImitationTask(imitation.module.vision_tower, imitation.stage, config.train, none)
    with pytest.raises(ValueError, match=r"needs train\.teacher"):
        dataclasses.replace(config.train, stages=(imitation.stage,))
    with pytest.raises(ValueError, match="stands alone"):
        TrainStage("both", ("imitation", "vision"))
