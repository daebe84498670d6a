"""The model bundle, opened: everything that prediction needs, in one folder, safetensors only.

Towers from the hub or from a package are named in it (id and revision), not copied; what was trained here (heads,
gate, adapters, own towers) is. Large matrices of weights and category vectors are stored as int8, other weights as
float16.
`writer.py` writes it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor
from transformers import AutoTokenizer

from pipeline.artifacts import ArtifactError, BundlePaths
from pipeline.bundle.aliases import AliasVectors, alias_vectors
from pipeline.bundle.files import encoder_key, ids_of, read_files, tokenizer_folder
from pipeline.bundle.meta import ADVICE, model_config, read_meta
from pipeline.bundle.predictor_files import read_parts
from pipeline.bundle.predictor_state import PredictorParts
from pipeline.config.model import TowerConfig
from pipeline.data.schema import parse_table
from pipeline.data.vectors import unit
from pipeline.models.encoding import TokenCache, encode_categories, encode_images, encode_texts, make_tokens
from pipeline.models.feature_store import RecentFeatures
from pipeline.models.lora import adapter_shapes, fold, plain_name
from pipeline.models.quantization import dequantize, unpack
from pipeline.models.towers import TextTower
from pipeline.models.two_tower import TwoTower
from pipeline.models.vector_cache import VectorCache
from pipeline.taxonomy.paths import hash_path

RECENT_TEXTS = 8_192
"""Texts whose features stay in memory, 13 MB of them for 384 dimensions."""


class Bundle:
    """A trained model with its category table, ready to encode. Made by `load_bundle`.

    Attributes:
        meta: The bundle's model.json.
        config: Architecture.
        categories: Category paths of the table.
        category_vectors: float32 [m, d], L2-normalized, in the order of `categories`.
        category_ids: Their ids, of those that have one.
        aliases: Their names in other languages; None where it has none.
        predictor: How categories are predicted; None before the predictor is fitted.
    """

    def __init__(
        self,
        model: TwoTower,
        tokens: TokenCache,
        meta: dict[str, Any],
        table: pa.Table,
        predictor: PredictorParts | None = None,
        aliases: pa.Table | None = None,
    ) -> None:
        self.predictor = predictor
        self.model = model.eval().requires_grad_(False)
        self.meta = meta
        self.config = model.config
        self.categories: tuple[str, ...] = tuple(table["category_path"].to_pylist())
        self.category_vectors = dequantize(table)
        self.category_ids = ids_of(table)
        self.tokens = tokens
        self._device = next(model.parameters()).device
        self._recent = RecentFeatures(RECENT_TEXTS)
        self._seen = frozenset(meta["seen"])
        self._rows = {path: row for row, path in enumerate(self.categories)}
        self.aliases: AliasVectors | None = None
        if aliases is not None:
            owners = np.array([self._rows[path] for path in aliases["category_path"].to_pylist()], dtype=np.int64)
            self.aliases = AliasVectors(owners, dequantize(aliases))

    @property
    def dimension(self) -> int:
        """Size d of the shared space."""
        return self.config.dimension

    @property
    def image_size(self) -> int:
        """Side of the square photos that `encode_images` takes, in pixels."""
        return self.config.vision.image_size

    @property
    def logit_scale(self) -> float:
        """Factor on cosines before a softmax."""
        return float(self.model.logit_scale)

    @property
    def seen(self) -> np.ndarray:
        """Bool [m], `was_seen` of every path of the table."""
        return np.array([self.was_seen(path) for path in self.categories], dtype=bool)

    def was_seen(self, path: str) -> bool:
        """Whether some training product had this very path as its truth."""
        return hash_path(path) in self._seen

    def encode_texts(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d] of product texts; each distinct text is encoded once."""
        return self.project_texts(self._features(texts, "texts" if progress else ""))

    def encode_images(self, images: np.ndarray, progress: bool = False) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos, uint8 [n, image_size, image_size, 3]."""
        features = encode_images(self.model.vision_tower, images, progress="photos" if progress else "")
        return self.project_images(features)

    def project_texts(self, features: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d] of product texts from text-tower features [n, w]."""
        return self._project(self.model.text_vectors, features)

    def project_images(self, features: np.ndarray) -> np.ndarray:
        """Unit vectors float32 [n, d] of photos from vision-tower features [n, v]."""
        return self._project(self.model.image_vectors, features)

    def encode_categories(self, paths: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d] of category paths; those of the table or a cache are not encoded again."""
        new = [path for path in dict.fromkeys(paths) if path not in self._rows]
        fresh = dict(zip(new, self._encode_paths(new), strict=True))
        known = self.category_vectors
        rows = [fresh[path] if path in fresh else known[self._rows[path]] for path in paths]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)

    def encode_aliases(self, paths: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> AliasVectors | None:
        """Vectors of the names of paths in other languages; None where none has such a name or nothing reads them.

        Args:
            paths: A category table; names of other paths are left out.
            aliases: As `Taxonomy.names`.
        """
        if self.predictor is not None and not self.predictor.reads_aliases:
            return None
        return alias_vectors(self._encode_paths, paths, aliases)

    def encode_texts_untrained(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, text width] of product texts by the text tower without its head, the floor."""
        if self._untrained_tower is self.model.text_tower:
            features = self._features(texts)
        else:
            features = encode_texts(self._untrained_tower, self.tokens, texts)
        return self._project(self.model.text_base, features)

    def encode_categories_untrained(self, paths: Sequence[str]) -> np.ndarray:
        """The same of category paths; those of a cache are not encoded again."""
        base = functools.partial(self.model.text_base, categories=True)
        return self._project(base, self._untrained_features.vectors(paths))

    def _encode_paths(self, paths: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 [n, d] of category paths and of their names in other languages."""
        if self.config.text.is_frozen and self.config.centered:  # then the model reads features of length 1
            return self._project(self.model.category_vectors, self._untrained_features.vectors(paths))
        return self._remembered.vectors(paths)

    @functools.cached_property
    def _remembered(self) -> VectorCache:
        def encode(paths: Sequence[str]) -> np.ndarray:
            return self._project(self.model.category_vectors, self._path_features(self.model.text_tower, paths))

        return VectorCache(encoder_key(self.meta, "trained"), encode)

    @functools.cached_property
    def _untrained_features(self) -> VectorCache:
        """Features of length 1 by the text tower as it was loaded: the same for all bundles that name it."""

        def encode(paths: Sequence[str]) -> np.ndarray:
            return unit(self._path_features(self._untrained_tower, paths))

        return VectorCache(encoder_key(self.meta, "untrained"), encode)

    def _path_features(self, tower: TextTower, paths: Sequence[str]) -> np.ndarray:
        return encode_categories(tower, self.tokens, paths, names=self.config.category_names)

    def _features(self, texts: Sequence[str], progress: str = "") -> np.ndarray:
        """Features by the text tower; the last ones are in memory, since a text is often read trained and untrained."""
        encode = functools.partial(encode_texts, self.model.text_tower, self.tokens, progress=progress)
        return self._recent.of(texts, encode) if texts else encode(texts)

    @functools.cached_property
    def _untrained_tower(self) -> TextTower:
        if self.config.text.model_id and not self.config.text.is_frozen:
            return TextTower(self.config.text).eval().to(self._device)
        return self.model.text_tower  # frozen, or trained from scratch, so that it has no earlier state

    @torch.inference_mode()
    def fuse(self, text: np.ndarray, image: np.ndarray, has_text: np.ndarray, has_image: np.ndarray) -> np.ndarray:
        """Fused unit vectors float32 [n, d]; one modality alone where the other is missing, zeros where both are.

        Args:
            text: [n, d] unit vectors.
            image: [n, d] unit vectors.
            has_text: bool [n].
            has_image: bool [n].
        """
        vectors = (self._tensor(array, torch.float32) for array in (text, image))
        masks = (self._tensor(mask, torch.bool) for mask in (has_text, has_image))
        return self.model.fusion(*vectors, *masks).cpu().numpy()

    @torch.inference_mode()
    def gate(self, text: np.ndarray, image: np.ndarray) -> np.ndarray:
        """Weight of the text in every dimension of the fused vector, [n, d] in (0, 1)."""
        vectors = (self._tensor(array, torch.float32) for array in (text, image))
        return self.model.fusion.gate(*vectors).cpu().numpy()

    @torch.inference_mode()
    def _project(self, head: Callable[[Tensor], Tensor], features: np.ndarray) -> np.ndarray:
        return head(self._tensor(features, torch.float32)).cpu().numpy()

    def _tensor(self, values: np.ndarray, dtype: torch.dtype) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=self._device)


def load_bundle(folder: Path, sha256: str = "") -> Bundle:
    """Load a bundle for inference, on a GPU where there is one; adapters are folded into the weights.

    Every file is read once and is what model.json names, or nothing is made of it; a tower is loaded from elsewhere
    only after that.

    Args:
        folder: Of the bundle.
        sha256: Of its model.json, where only one bundle will do.

    Raises:
        ArtifactError: In one sentence, if the bundle is missing, damaged, of another version or another one.
    """
    folder = Path(folder)
    paths, meta = BundlePaths(folder), read_meta(folder)
    if sha256 and meta["sha256"] != sha256:
        raise ArtifactError(f"{folder} holds another bundle than before; start again, or {ADVICE}.")
    contents = read_files(folder, meta)
    model = TwoTower(model_config(meta["model"]), lora=False)
    _load_weights(model, contents[paths.weights.name], paths.weights)
    tokens = _load_tokens(model.config.text, contents)
    model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    with torch.no_grad():
        model.remember_names()
    predictor = None if meta["predictor"] is None else read_parts(contents, meta["predictor"], folder)
    tables = {
        path.name: parse_table(contents[path.name], path)
        for path in (paths.categories, paths.aliases)
        if path.name in contents
    }
    return Bundle(model, tokens, meta, tables[paths.categories.name], predictor, tables.get(paths.aliases.name))


def _load_tokens(config: TowerConfig, contents: Mapping[str, bytes]) -> TokenCache:
    """The tokenizer among a bundle's files, or the one that the text tower's checkpoint holds."""
    if not config.has_tokenizer_files:
        return make_tokens(config, RECENT_TEXTS)
    with tokenizer_folder(contents) as copy:
        return TokenCache(AutoTokenizer.from_pretrained(copy), config.max_tokens, config.prefix, RECENT_TEXTS)


def _load_weights(model: TwoTower, content: bytes, path: Path) -> None:
    """Give a model the weights of a bundle, read from `path`, and fold its adapters in."""
    try:
        weights = unpack(load(content))
    except SafetensorError as error:
        raise ArtifactError(f"{path} is damaged ({error}); publish the bundle again.") from error
    weights = {plain_name(name): value for name, value in weights.items()}
    towers = {"text_tower": model.text_tower, "vision_tower": model.vision_tower}
    expected = {name: value.shape for name, value in stored_weights(model).items()}
    for prefix, tower in towers.items():
        expected |= {f"{prefix}.{name}": shape for name, shape in adapter_shapes(tower).items()}
    misfits = sorted(name for name in expected.keys() | weights if expected.get(name) != _shape(weights.get(name)))
    if misfits:
        raise ArtifactError(f"{path} does not fit the architecture in model.json (first: {misfits[0]}).")
    model.load_state_dict(weights, strict=False)
    for prefix, tower in towers.items():
        fold(tower, {name: weights[f"{prefix}.{name}"] for name in adapter_shapes(tower)})


def _shape(value: Tensor | None) -> torch.Size | None:
    return None if value is None else value.shape


def stored_weights(model: TwoTower) -> dict[str, Tensor]:
    """Weights that the bundle holds: all but those of towers that can be loaded from their source."""
    borrowed = tuple(
        f"{name}."
        for name, tower in (("text_tower", model.text_tower), ("vision_tower", model.vision_tower))
        if tower.config.model_id
    )
    stored = {}
    for name, value in model.state_dict().items():
        if not name.startswith(borrowed) or "lora_" in name:
            stored[name] = value
    return stored
