"""The texts of a listing, with the dirt of real feeds; the words for its look come from the rendered `Look`."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

import numpy as np

from synthetic.listings.products import Product, stream
from synthetic.listings.tables import NATURAL, Tables, tables

EMPTY_SHARE = 0.07
WRONG_SHARE = 0.015
SECONDHAND_SHARE = 0.03


@dataclass(frozen=True)
class Listing:
    """Listing of a product in a shop's feed; `title` and `description` may hold markup, or be empty."""

    title: str
    description: str
    brand: str
    is_secondhand: bool


def look_words(product: Product, data: Tables, language: str = "en") -> tuple[str, str]:
    """Color (with pattern) and material of a product in words; "" for a word that listings of its type leave out."""
    look, say = product.look, product.kind.say
    color = "" if say == "nothing" or look.colors[0] == NATURAL else data.color_words[look.colors[0]][language]
    if look.pattern and color:
        second = data.color_words[look.colors[1]][language]
        joint = " and " if language == "en" else " / "
        color = f"{color}{joint}{second} {data.pattern_words[look.pattern][language]}"
    made_of = data.materials[look.material]
    if data.palettes.get(made_of.palette, (made_of.palette,)) == (look.colors[0],):
        color = ""  # "gold gold-plated", "silver stainless steel": the material says it
    return color, made_of.words[language] if say == "both" else ""


def _pick(chance: np.random.Generator, choices: Any) -> Any:
    return choices[chance.integers(len(choices))]


def _fitting(templates: Sequence[str], words: dict[str, str], chance: np.random.Generator) -> str:
    """One of the templates whose fields all have a word, filled in; the noun alone where none fits."""
    usable = [text for text in templates if all(words[key] for _, key, _, _ in Formatter().parse(text) if key)]
    return str(_pick(chance, usable)).format(**words) if usable else words["noun"]


def _lower(noun: str) -> str:
    """A noun inside a sentence: lower case but for words like "LED" or "T-Shirt"."""
    return " ".join(word if sum(c.isupper() for c in word) > 1 else word.lower() for word in noun.split())


def _words(product: Product, chance: np.random.Generator, data: Tables) -> dict[str, str]:
    kind, language = product.kind, product.language
    color, material = look_words(product, data, language)
    noun = str(_pick(chance, kind.nouns)) if language == "en" else kind.local[language]
    both = [color, material] if language == "en" else [material, color]
    if language == "en" and chance.random() < 0.3:
        both = both[:1] if chance.random() < 0.7 else both[1:]
    look = (" " if language == "en" else ", ").join(word for word in both if word)
    initials = "".join(part[0] for part in product.look.brand.split())
    return {
        "brand": product.look.brand if chance.random() > 0.12 else "",
        "line": str(_pick(chance, data.phrases["lines"])),
        "noun": noun,
        "look": look[:1].upper() + look[1:] if language == "en" and chance.random() < 0.5 else look,
        "size": str(_pick(chance, kind.sizes)) if chance.random() < 0.75 else "",
        "sku": f"{initials}{chance.integers(100, 9999)}-{_pick(chance, 'ABCDX')!s}",
        "color": color,
        "material": material,
    }


def _english(product: Product, words: dict[str, str], chance: np.random.Generator, data: Tables) -> str:
    phrases = data.phrases
    lower = {**words, "noun": _lower(words["noun"]), "look": words["look"].lower()}
    sentences = [_fitting(phrases["openers"], lower, chance)]
    sentences[0] = sentences[0][:1].upper() + sentences[0][1:]
    facts = list(product.kind.facts)
    chance.shuffle(facts)
    facts = facts[: chance.integers(1, len(facts) + 1)]
    if product.kind.say == "nothing" and product.look.colors[0] not in (NATURAL, "rainbow") and chance.random() < 0.2:
        facts.append(f"look for the {data.color_words[product.look.colors[0]]['en']} one")
    if chance.random() < 0.35:
        listed = "".join(f"<li>{html.escape(fact)}</li>" for fact in facts)
        return f"<p>{html.escape(sentences[0])}</p><ul>{listed}</ul><p>{_pick(chance, phrases['closers'])}</p>"
    sentences.append(", ".join(facts).capitalize() + ".")
    details = [
        f"{name}: {words[key]}"
        for name, key in (("Colour", "color"), ("Material", "material"), ("Size", "size"))
        if words[key]
    ]
    if chance.random() < 0.4 and details:
        sentences.append(". ".join(details) + ".")
    if chance.random() < 0.5:
        sentences.append(str(_pick(chance, phrases["closers"])))
    return " ".join(text[:1].upper() + text[1:] for text in sentences if text.strip(". "))


def _foreign(product: Product, words: dict[str, str], chance: np.random.Generator, data: Tables) -> str:
    recipe = data.phrases["languages"][product.language]
    pairs = (("colour", "color"), ("material", "material"), ("size", "size"))
    details = [f"{recipe['labels'][label]}: {words[key]}" for label, key in pairs if words[key]]
    sentences = list(recipe["sentences"])
    chance.shuffle(sentences)
    stop = "。" if product.language in ("ja", "zh") else ". "
    text = f"{words['noun']} {words['line']}{stop}{stop.join([*details, ''])}"
    text += " ".join(sentences[: chance.integers(1, 3)])
    if chance.random() < 0.15:  # a feed that was translated by halves
        text += " " + ", ".join(product.kind.facts)
    return text


def _dirty(text: str, words: dict[str, str], chance: np.random.Generator, phrases: dict[str, Any]) -> str:
    """One kind of dirt, or none, on a description."""
    kind = chance.random()
    boilerplate = str(_pick(chance, phrases["boilerplate"])).format(**words)
    if kind < 0.10:
        return f'<div style="font-family:Arial;color:#333"><p><span>{text}</span></p><br/><p>{boilerplate}</p></div>'
    if kind < 0.15:
        script = f"<script>track('{words['sku']}')</script>"
        return f'<style>.p{{margin:0;padding:4px}}</style><div class="p">{text}</div>{script}'
    if kind < 0.22:
        return f"{text}\n\n{boilerplate}"
    if kind < 0.27:
        return text.replace("&", "&amp;").replace("'", "&#39;").replace(". ", ".&nbsp; ")
    if kind < 0.31:
        tags = [words["noun"], *(str(tag) for tag in chance.permutation(phrases["stuffing"])[:6])]
        return f"{text} {', '.join(tags)}, {words['noun']} {words['look']}, {words['noun']} {words['brand']}"
    if kind < 0.34:
        return text[: max(20, int(len(text) * 0.6))] + "..."
    return text


def _dirty_title(title: str, words: dict[str, str], chance: np.random.Generator, phrases: dict[str, Any]) -> str:
    kind = chance.random()
    if kind < 0.05:
        return title.upper()
    if kind < 0.09:
        stuffing = " ".join(str(tag) for tag in chance.permutation(phrases["stuffing"])[:4])
        return f"{title} {words['noun']} {stuffing}"
    if kind < 0.11:
        return f"{title} !!! {words['size']} ✅"
    if kind < 0.13:
        return title.lower()
    if kind < 0.15:
        return f"  {title.replace(' ', '  ', 2)} "
    return title


def write_listing(seed: int, product: Product) -> Listing:
    """The listing of a product; a pure function of the seed and the product."""
    data = tables()
    phrases = data.phrases
    chance = stream(seed, "text", product.kind.name, product.serial)
    words = _words(product, chance, data)
    recipe = phrases if product.language == "en" else phrases["languages"][product.language]
    title = _fitting(recipe["titles"], words, chance)
    write = _english if product.language == "en" else _foreign
    description = _dirty(write(product, words, chance, data), words, chance, phrases)
    title = _dirty_title(title, words, chance, phrases)
    if product.copy_of is not None and chance.random() < 0.3:
        title = f"Copy of {title}"
    secondhand = chance.random() < SECONDHAND_SHARE
    if secondhand:
        title = f"{title} ({_pick(chance, phrases['used'])})"
    if chance.random() < WRONG_SHARE:
        title = str(_pick(chance, phrases["wrong_titles"])).format(**words)
    if chance.random() < EMPTY_SHARE:
        description = ""
    if product.language != "en" and chance.random() < 0.02:  # UTF-8 read as Latin-1 somewhere upstream
        title = title.encode().decode("latin-1")
    return Listing(title, description, product.look.brand if words["brand"] else "", secondhand)
