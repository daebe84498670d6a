"""The network of multilingual-e5-small, a BERT (Devlin et al. 2019): transformers' BertModel, in PyTorch alone.

The same arithmetic, and the same names of modules and weights, which adapters are stored by. To import BertModel takes
120 MB and two seconds, of `torch._dynamo`, SymPy and SciPy, which an encoder does not need.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DROPOUT = 0.1


@dataclass(frozen=True)
class EncoderConfig:
    """Architecture, with the names that transformers has for it."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


@dataclass(frozen=True)
class EncoderOutput:
    """Output of the network, named as that of transformers.

    Attributes:
        last_hidden_state: float [n, t, hidden size].
    """

    last_hidden_state: Tensor


class Encoder(nn.Module):
    """Token ids to states of the last layer."""

    def __init__(self, config: EncoderConfig, words: nn.Module) -> None:
        """Build it with random weights.

        Args:
            config: Architecture.
            words: Gives the embeddings float [..., hidden size] of token ids.
        """
        super().__init__()
        self.embeddings = _Embeddings(config, words)
        self.encoder = _Layers(config)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> EncoderOutput:
        """States of tokens.

        Args:
            input_ids: int64 [n, t].
            attention_mask: int64 [n, t], 0 on padding, which no token then attends to.
        """
        mask = None if bool(attention_mask.all()) else attention_mask[:, None, None, :].bool()
        return EncoderOutput(self.encoder(self.embeddings(input_ids), mask))


class _Embeddings(nn.Module):
    def __init__(self, config: EncoderConfig, words: nn.Module) -> None:
        super().__init__()
        self.word_embeddings = words
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, ids: Tensor) -> Tensor:
        positions = torch.arange(ids.shape[1], device=ids.device)
        summed = self.word_embeddings(ids) + self.token_type_embeddings(torch.zeros_like(ids))
        states: Tensor = self.dropout(self.LayerNorm(summed + self.position_embeddings(positions)))
        return states


class _Layers(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        for layer in self.layer:
            states = layer(states, mask)
        return states


class _Layer(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.attention = _Attention(config)
        self.intermediate = _Dense(config.hidden_size, config.intermediate_size)
        self.output = _Residual(config.intermediate_size, config)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        attended = self.attention(states, mask)
        inner = F.gelu(self.intermediate.dense(attended))
        return self.output(inner, attended)


class _Attention(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.self = _SelfAttention(config)
        self.output = _Residual(config.hidden_size, config)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        return self.output(self.self(states, mask), states)


class _SelfAttention(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.query, self.key, self.value = (nn.Linear(config.hidden_size, config.hidden_size) for _ in range(3))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        query, key, value = (
            matrix(states).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for matrix in (self.query, self.key, self.value)
        )
        dropped = DROPOUT if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropped)
        return mixed.transpose(1, 2).flatten(2)


class _Dense(nn.Module):
    """A matrix under the name that BERT has for it."""

    def __init__(self, entering: int, leaving: int) -> None:
        super().__init__()
        self.dense = nn.Linear(entering, leaving)


class _Residual(nn.Module):
    """A matrix, its result added to what was before, and normalized."""

    def __init__(self, entering: int, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(entering, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, states: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(states)) + before)
