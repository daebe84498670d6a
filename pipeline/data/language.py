"""Language of a product: the code that its source gives, or a guess by script and stop words."""

from __future__ import annotations

import re

from pipeline.data.text.vocabulary import known_share

UNDETERMINED = "und"
"""The code of ISO 639-2 for a text in some language, not English as shops write it."""

_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ur", re.compile(r"[\u0679\u0688\u0691\u06d2]")),
    ("fa", re.compile(r"[\u067e\u0686\u0698\u06af\u06a9\u06cc]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("uk", re.compile(r"[іїєґІЇЄҐ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)

_BY_A_FEW_LETTERS = frozenset(("ja", "ur", "fa", "uk"))
"""Written with letters of their own among those of another language."""

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


_TITLE_WORDS: dict[str, frozenset[str]] = {
    **_STOP_WORDS,
    "ro": frozenset(["și", "cu", "de", "din", "la", "pentru", "sau", "fără", "pe", "este", "un", "o"]),
    "hu": frozenset(["és", "az", "egy", "nem", "hogy", "vagy", "nélkül", "van", "darab"]),
}
_LETTERS = {
    "de": "äöüß",
    "fr": "àâçéèêëîïôûœ",
    "es": "áéíñóú",
    "it": "àèéìòù",
    "pt": "áâãçéêíóõú",
    "sv": "åäö",
    "da": "åæø",
    "pl": "ąćęłńóśźż",
    "tr": "çğışöü",
    "fi": "äö",
    "cs": "áčďéěíňřšťůýž",
    "ro": "ăâîșşțţ",
    "hu": "áéíóöőúüű",
}
"""Letters outside of a to z by language: what a short title often has in place of a stop word."""

LANGUAGE_NAMES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""In English, of the codes that are guessed."""

_WORD = re.compile(r"[^\W\d_]+")


_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9-]+)?", re.IGNORECASE)


def language_code(given: str) -> str:
    """ISO 639-1 code of a language tag such as "en" or "pt-BR"; "" for anything else."""
    matched = _CODE.fullmatch(given.strip())
    return matched[1].lower() if matched else ""


def guess_language(text: str) -> str:
    """ISO 639-1 code by script, else by stop words; "" where the text does not tell.

    For display and counts, not for choosing a model: titles are often too short.

    Args:
        text: Cleaned text.
    """
    head = text[:600]
    letters = sum(character.isalpha() for character in head)
    if not letters:
        return ""
    for language, pattern in _SCRIPTS:
        if len(pattern.findall(head)) > (0.05 if language in _BY_A_FEW_LETTERS else 0.3) * letters:
            return language
    words = [word.casefold() for word in _WORD.findall(head)]
    counts = {language: sum(word in stop for word in words) for language, stop in _STOP_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    runner_up = max(count for language, count in counts.items() if language != best)
    return best if counts[best] >= max(2, 0.05 * len(words)) and counts[best] > runner_up else ""


def language_of_title(text: str) -> str:
    """ISO 639-1 code of a listing that may be one title: as `guess_language`, else by letters and stop words together.

    A word with a letter that few languages have counts like a stop word; two are needed. A text that tells nothing by
    them, most words of which no English title of products has ("Keramiktasse"), is `UNDETERMINED`. For what a visitor
    is told, and how sure an answer has to be.
    """
    if (guess := guess_language(text)) or not text:
        return guess
    counts = dict.fromkeys(_TITLE_WORDS, 0)
    for word in {word.casefold() for word in _WORD.findall(text[:600])}:
        for language, stop in _TITLE_WORDS.items():
            counts[language] += (word in stop) + any(letter in word for letter in _LETTERS.get(language, ""))
    best = max(counts, key=lambda language: counts[language])
    runner_up = max(count for language, count in counts.items() if language != best)
    if counts[best] >= 2 and counts[best] > runner_up:
        return best
    return "" if known_share(text[:600]) >= 0.5 else UNDETERMINED
