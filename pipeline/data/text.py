"""Texts of real feeds made readable: markup out, one spelling of characters and spaces, a guess of the language."""

from __future__ import annotations

import re
import unicodedata

from lxml import etree

_DROPPED_TAGS = "script style title template noscript iframe object svg math textarea select button video audio"
_DROPPED = frozenset(_DROPPED_TAGS.split())
_INLINE_TAGS = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub "
    "sup tt u var wbr"
)
_INLINE = frozenset(_INLINE_TAGS.split())
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s+")
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+", re.IGNORECASE)
_CSS_RULE = re.compile(
    r"(?<![^\s}])(?:[.#@][^\s{},]*+[\s,]++|[^\s{},]++\s*+[,>+~]\s*+|[>+~]\s++){0,12}+[^\s{}]*+\s*+"
    r"\{\s*+(?:[\w-]++\s*+:[^{};]++;?\s*+){1,200}+\}"
)
_CSS_EMPTY = re.compile(r"@[\w-]++[^{}]{0,200}+\{\s*+\}")
_PASSES = 8


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
    visible = _UNSEEN.sub("", unicodedata.normalize("NFKC", _UNSEEN.sub("", text)))
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
    for _ in range(_PASSES):
        cleaned = _clean_once(text)
        if cleaned == text:
            return text
        text = cleaned
    # Markup nested deeper than any honest feed: what could still open a tag or an escape goes.
    return _fold(re.sub(r"[<&{]", " ", text))


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters of a cleaned text, cut between words where there is one to cut between."""
    if len(text) <= limit:
        return text
    head, _, _ = text[: limit + 1].rpartition(" ")
    return (head or text[:limit]).rstrip()


def product_text(title: str, description: str) -> str:
    """What the text tower reads: "title. description", of cleaned parts.

    The title is left out where the description already begins with it; "" if both are empty.
    """
    if not title or description.casefold().startswith(title.casefold()):
        return description or title
    if not description:
        return title
    return f"{title} {description}" if title[-1] in ".!?:;。！？" else f"{title}. {description}"


_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(word for word in words.split() if len(word) > 1)
    for language, words in {
        "en": "the and of for with this is to in your from are that it on by be you or made new set men women",
        "de": "der die das und für mit ist ein eine von den aus auf nicht im zu sie wird aus bei oder des dem",
        "fr": "le la les et pour avec est une un des du dans sur au aux ce cette votre vous en par qui",
        "es": "el la los las y para con es una un del en por su que se al como este esta sin más",
        "it": "il la i gli e per con è una un del della di in da che non si al alla sono nel",
        "pt": "o a os as e para com é uma um do da em por que não se ao sua seu mais dos das",
        "nl": "de het een en voor met is van op in te dat niet zijn aan deze bij uit ook je",
        "sv": "och för med är en ett av på i som att det den till från inte din",
        "da": "og for med er en et af på i som at det den til fra ikke din",
        "pl": "i w na z do dla jest się to nie od oraz ze przez jak po są",
        "tr": "ve bir için ile bu da de olarak çok en daha olan",
        "fi": "ja on se ei että kanssa sekä tai myös ovat tämä",
        "cs": "a je na se pro s z do že jsou nebo také který od",
        "vi": "và của cho với là các một được trong không có",
    }.items()
}
_WORD = re.compile(r"[^\W\d_]+")


def guess_language(text: str) -> str:
    """ISO 639-1 code by script, else by stop words; "" where the text gives no reason to say.

    A guess for showing and counting, not for choosing a model: titles are often too short to tell.

    Args:
        text: Cleaned text.
    """
    head = text[:600]
    letters = sum(character.isalpha() for character in head)
    if not letters:
        return ""
    for language, pattern in _SCRIPTS:
        if len(pattern.findall(head)) > (0.05 if language in ("ja", "uk") else 0.3) * letters:
            return language
    words = [word.casefold() for word in _WORD.findall(head)]
    counts = {language: sum(word in stop for word in words) for language, stop in _STOP_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    runner_up = max(count for language, count in counts.items() if language != best)
    return best if counts[best] >= max(2, 0.05 * len(words)) and counts[best] > runner_up else ""
