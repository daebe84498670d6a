"""Cleaning of product texts: markup removed, spaces made one, cut to a limit; for people and for the model.

People are shown the characters that were written; the model reads one spelling of them (NFKC).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from lxml import etree

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
_MEANINGLESS = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
    r"|(?<![^\x00-\x7f])[\u200b-\u200d]|[\u200b-\u200d](?![^\x00-\x7f])"
)
"""Invisible characters but for joiners and breaks within a text that is not Latin: Persian, Hindi, Thai, emoji."""
_SPACE = re.compile(r"\s+")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_ATTRIBUTE = r"""\s++[\w-]++=(?:"[^"]*+"|'[^']*+'|[”″][^”″]*+[”″]|[^\s\]"']++)"""
_SHORTCODE = re.compile(rf"\[/?(?P<name>[a-z][\w-]*+)(?P<attributes>(?:{_ATTRIBUTE})*+)\s*+/?\]", re.IGNORECASE)
_SHORTCODES = frozenset(("audio", "caption", "embed", "gallery", "playlist", "product", "products", "video"))
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+", re.IGNORECASE)
_CSS_RULE = re.compile(
    r"(?<![^\s}])(?:[.#@][^\s{},]*+[\s,]++|[^\s{},]++\s*+[,>+~]\s*+|[>+~]\s++){0,12}+[^\s{}]*+\s*+"
    r"\{\s*+(?:[\w-]++\s*+:[^{};]++;?\s*+){1,200}+\}"
)
_CSS_EMPTY = re.compile(r"@[\w-]++[^{}]{0,200}+\{\s*+\}")
_MAX_PASSES = 8
RAW_TEXT_FACTOR = 50
"""Raw texts are cut at this many times the allowed length before any parsing: no honest markup is thicker."""


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


def _tidy(text: str) -> str:
    """The characters as written, without meaningless ones, single spaces."""
    return _SPACE.sub(" ", _MEANINGLESS.sub("", text)).strip()


def _without_shortcodes(text: str) -> str:
    """The text without the tags of WordPress, such as [vc_row css="…"] and [/caption]; other words in brackets stay."""
    closed = {match["name"].lower() for match in _SHORTCODE.finditer(text) if match[0].startswith("[/")}

    def shown(match: re.Match[str]) -> str:
        name = match["name"].lower()
        is_tag = match["attributes"] or "_" in name or name in closed or name in _SHORTCODES
        return " " if is_tag else match[0]

    return _SHORTCODE.sub(shown, text)


def _clean_once(text: str, tidy: Callable[[str], str]) -> str:
    if "<![CDATA[" in text:
        text = _CDATA.sub(" ", text)
    if "[" in text:
        text = _without_shortcodes(text)
    if "<" in text or "&" in text:
        text = _strip_markup(_ESCAPED_AMPERSAND.sub("&amp;", text))
    if "{" in text:
        text = _CSS_EMPTY.sub(" ", _CSS_RULE.sub(" ", text))
    return tidy(text)


def _clean(raw: str, tidy: Callable[[str], str]) -> str:
    text = tidy(raw)
    for _ in range(_MAX_PASSES):
        cleaned = _clean_once(text, tidy)
        if cleaned == text:
            return text
        text = cleaned
    # markup nested deeper than in any honest feed: remove what could still open a tag or an escape
    return tidy(re.sub(r"[<&{\[]", " ", text))


def clean_text(raw: str | None) -> str:
    """Text for the model, of a field that may hold HTML, CSS, scripts, escapes (also twice) and odd characters.

    Markup that was escaped counts as markup. The result is stable: cleaning it again changes nothing.

    Returns:
        One line, NFKC, single spaces, no control characters; "" if nothing is left.
    """
    return _clean(raw or "", _fold)


def shown_text(raw: str | None) -> str:
    """Text for people: as `clean_text`, but with the characters as they were written (™, ½, joiners of emoji)."""
    return _clean(raw or "", _tidy)


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters of a cleaned text, cut between words where there is one to cut between."""
    if len(text) <= limit:
        return text
    head, _, _ = text[: limit + 1].rpartition(" ")
    return (head or text[:limit]).rstrip()
