"""Small models saved in the very formats the hub serves: SigLIP and CLIP whole, BERT with its tokenizer."""

import json
from pathlib import Path

import torch
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTokenizer,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

WORDS = [
    "red",
    "blue",
    "mug",
    "shirt",
    "shoe",
    "home",
    "kitchen",
    "apparel",
    "accessories",
    "clothing",
    "footwear",
    "drinkware",
    "garden",
    ">",
    "&",
    ".",
    ",",
]


def save_siglip(folder: Path, image_size: int = 32) -> Path:
    """A SigLIP checkpoint with both towers and image processor, as google/siglip2-base-patch16-256 is one."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**sizes, "image_size": image_size, "patch_size": 16}
    text = {**sizes, "vocab_size": 64, "max_position_embeddings": 16}
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": image_size, "width": image_size}).save_pretrained(folder)
    return folder


def save_bert(folder: Path) -> Path:
    """A BERT checkpoint with its tokenizer, as BAAI/bge-base-en-v1.5 is one."""
    torch.manual_seed(1)
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [*special, *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(tokens), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def save_clip(folder: Path, image_size: int = 32) -> Path:
    """A CLIP checkpoint with both towers, tokenizer and image processor, as openai/clip-vit-base-patch32 is one."""
    torch.manual_seed(2)
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": len(tokens), "max_position_embeddings": 77, "bos_token_id": 0, "eos_token_id": 1}
    vision = {**sizes, "image_size": image_size, "patch_size": 16}
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)).save_pretrained(folder)
    size = {"height": image_size, "width": image_size}
    CLIPImageProcessorPil(size={"shortest_edge": image_size}, crop_size=size).save_pretrained(folder)
    return folder
