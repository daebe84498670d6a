"""Cleaning of product texts: markup removed, one spelling of characters and spaces, cut to a limit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from lxml import etree

from pipeline.config.stages import IngestConfig

_DROPPED_TAGS = "script style title template noscript iframe object svg math textarea select button video audio"
_DROPPED = frozenset(_DROPPED_TAGS.split())
_INLINE_TAGS = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub "
    "sup tt u var wbr"
)
_INLINE = frozenset(_INLINE_TAGS.split())
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s+")
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+", re.IGNORECASE)
_CSS_RULE = re.compile(
    r"(?<![^\s}])(?:[.#@][^\s{},]*+[\s,]++|[^\s{},]++\s*+[,>+~]\s*+|[>+~]\s++){0,12}+[^\s{}]*+\s*+"
    r"\{\s*+(?:[\w-]++\s*+:[^{};]++;?\s*+){1,200}+\}"
)
_CSS_EMPTY = re.compile(r"@[\w-]++[^{}]{0,200}+\{\s*+\}")
_MAX_PASSES = 8
_RAW_TEXT_FACTOR = 50
"""Raw texts are cut at this many times the allowed length before any parsing: no honest markup is thicker."""

MAX_TITLE_CHARACTERS = 500
"""Characters of a cleaned title; longer ones are cut between words."""


class _TextTarget:
    """Collects the text that a browser would show: nothing of scripts and styles, a space where a block begins."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.hidden = 0

    def start(self, tag: str, attributes: object) -> None:
        if tag in _DROPPED:
            self.hidden += 1
        if tag not in _INLINE:
            self.parts.append(" ")

    def end(self, tag: str) -> None:
        if tag in _DROPPED:
            self.hidden -= 1
        if tag not in _INLINE:
            self.parts.append(" ")

    def data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)

    def comment(self, text: str) -> None:
        """Comments are not shown."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Processing instructions are not shown."""

    def close(self) -> str:
        return "".join(self.parts)


def _strip_markup(text: str) -> str:
    parser = etree.HTMLParser(target=_TextTarget(), recover=True, huge_tree=True)
    parser.feed(text)
    return str(parser.close())


def _fold(text: str) -> str:
    """NFKC, without invisible and control characters, single spaces."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", visible)).strip()


def _clean_once(text: str) -> str:
    if "<" in text or "&" in text:
        text = _strip_markup(_ESCAPED_AMPERSAND.sub("&amp;", text))
    if "{" in text:
        text = _CSS_EMPTY.sub(" ", _CSS_RULE.sub(" ", text))
    return _fold(text)


def clean_text(raw: str | None) -> str:
    """Readable text of a field that may hold HTML, CSS, scripts, escapes (also twice) and odd characters.

    Markup that was escaped counts as markup. The result is stable: cleaning it again changes nothing.

    Returns:
        One line, NFKC, single spaces, no control characters; "" if nothing is left.
    """
    text = _fold(raw or "")
    for _ in range(_MAX_PASSES):
        cleaned = _clean_once(text)
        if cleaned == text:
            return text
        text = cleaned
    # markup nested deeper than in any honest feed: remove what could still open a tag or an escape
    return _fold(re.sub(r"[<&{]", " ", text))


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters of a cleaned text, cut between words where there is one to cut between."""
    if len(text) <= limit:
        return text
    head, _, _ = text[: limit + 1].rpartition(" ")
    return (head or text[:limit]).rstrip()


def product_text(title: str, description: str) -> str:
    """Input of the text tower: "title. description", of cleaned parts.

    The title is left out where the description already begins with it; "" if both are empty.
    """
    if not title or description.casefold().startswith(title.casefold()):
        return description or title
    if not description:
        return title
    return f"{title} {description}" if title[-1] in ".!?:;。！？" else f"{title}. {description}"


@dataclass(frozen=True)
class ListingText:
    """Text of a product, cleaned and cut.

    Attributes:
        title: At most `MAX_TITLE_CHARACTERS`.
        description: At most `IngestConfig.max_text_characters`.
        cut: Which of "title" and "description" were longer.
    """

    title: str
    description: str
    cut: tuple[str, ...]

    @property
    def text(self) -> str:
        """Input of the text tower (`product_text`), "" for none."""
        return product_text(self.title, self.description)


def listing_text(title: str | None, description: str | None, limits: IngestConfig) -> ListingText:
    """Clean and cut the texts of a product, by the one rule of `ingest`, the command line and the Space.

    Args:
        title: As it came; may hold markup.
        description: As it came; may hold markup.
        limits: How long a description may be.
    """
    short_title, title_cut = _clean_and_cut(title or "", MAX_TITLE_CHARACTERS)
    short_description, description_cut = _clean_and_cut(description or "", limits.max_text_characters)
    cut = {"title": title_cut, "description": description_cut}
    return ListingText(short_title, short_description, tuple(field for field, was_cut in cut.items() if was_cut))


def _clean_and_cut(raw: str, max_characters: int) -> tuple[str, bool]:
    """The cleaned text cut to a number of characters, and whether it was longer."""
    max_raw = max_characters * _RAW_TEXT_FACTOR
    cleaned = clean_text(raw[:max_raw])
    return cut_text(cleaned, max_characters), len(raw) > max_raw or len(cleaned) > max_characters
