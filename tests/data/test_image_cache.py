import numpy as np
import pytest

from pipeline.data.image_cache import ImageCacheWriter


@pytest.mark.parametrize("rows", [[], [0], [2, 5, 9], list(range(10))])
def test_kept_rows_come_back_in_order(tmp_path, rows):
    squares = np.random.default_rng(0).integers(0, 255, (10, 8, 8, 3), dtype=np.uint8)
    path = tmp_path / "images.npy"
    with ImageCacheWriter(path, 8) as cache:
        assert [cache.append(square) for square in squares] == list(range(10))
        cache.finish(rows)
    read = np.load(path, mmap_mode="r", allow_pickle=False)
    assert read.shape == (len(rows), 8, 8, 3)
    assert np.array_equal(read, squares[rows])
    assert path.stat().st_size == 128 + len(rows) * 8 * 8 * 3


def test_a_wrong_shape_is_refused(tmp_path):
    with ImageCacheWriter(tmp_path / "x.npy", 8) as cache, pytest.raises(ValueError, match="takes uint8"):
        cache.append(np.zeros((4, 4, 3), dtype=np.uint8))
