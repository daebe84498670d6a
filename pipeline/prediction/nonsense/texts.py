"""Texts that are no product listings: random letters, unrelated nouns, prose, chat, addresses, code, shop notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

_LETTERS = list("abcdefghijklmnopqrstuvwxyz")
_SCRIPTS = (
    "абвгдежзиклмнопрстуфхцчшыэюя",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "あいうえおかきくけこさしすせそ",
    "的一是不了人我在有他这为之大",
)
_NOUN_LIST = (
    "anger autumn bishop bridge candor century chorus cloud comet debate desert divorce dragon echo empire enzyme "
    "equation evening failure fever forest freedom galaxy glacier gossip gravity harbor harvest horizon hunger idea "
    "island jury justice kingdom lagoon liberty lightning logic lung meadow memory mercy migration minister "
    "molecule monarch monsoon mother mountain nation neighbor nerve ocean opinion orbit parliament planet poverty "
    "prophecy queen rebellion referee river rumor sailor senate shadow silence sister sorrow storm strategy summit "
    "teacher thunder treaty tribe tunnel uncle universe valley verdict victory village volcano weather widow winter "
    "wolf"
)
_NOUNS = _NOUN_LIST.split()
_GOODS_LIST = (
    "anchor apple bag ball basket bath bead bed bench bike bottle bowl box brush cable camera candle card chair clock "
    "coat coffee crib cup curtain desk dog dress drill engine fabric fan filter flute frame game glass glove grill "
    "hammer hat helmet hose jacket kayak key knife ladder lamp laptop lens lock map mat mirror mug oil paint pan paper "
    "pencil perfume piano pillow plant plate pump ring rope rug saddle scale scarf screw shelf shirt shoe soap sofa "
    "spoon stamp stone stove table tape tent ticket tile tire towel toy tray vase violin wallet watch wheel wool yarn"
)
_GOODS = _GOODS_LIST.split()
_SUBJECTS = (
    "The senator",
    "My grandmother",
    "A tired doctor",
    "The river",
    "Nobody",
    "Our team",
    "The old king",
    "She",
)
_VERBS = ("remembered", "ignored", "walked past", "argued about", "dreamed of", "voted against", "explained", "lost")
_OBJECTS = (
    "the election",
    "a long winter",
    "the meaning of the poem",
    "the quiet village",
    "his first love",
    "the war",
)
_ENDINGS = (
    "before the rain began.",
    "and everyone fell silent.",
    "although nothing had changed.",
    "as the train left the station.",
    "until the morning came.",
)
_CHAT = (
    "hey are you coming tonight?",
    "lol no way, call me later",
    "What time is it in Tokyo?",
    "hello world",
    "test test 123",
    "Can you please help me with my homework",
    "who won the match yesterday",
    "I think we should talk about this tomorrow",
    "how do I reset my password?",
    "thank you so much, see you soon",
    "what is the capital of Australia",
    "tell me a joke",
)
_NOTICES = (
    "Free shipping on all orders over $50. Returns accepted within 30 days.",
    "Add to cart. Buy now. Secure checkout.",
    "Sign up for our newsletter and save 10% on your first order.",
    "Please contact customer service before leaving negative feedback.",
    "We accept Visa, Mastercard, PayPal and gift cards.",
    "This item is currently out of stock. Notify me when available.",
    "Terms and conditions apply. See our privacy policy.",
    "Ships within 24 hours. Track your order here.",
    "Customers also viewed. Read all reviews. Write a review.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.",
)
_FOREIGN = (
    "Die Sitzung wurde auf nächsten Dienstag verschoben.",
    "Il pleut depuis trois jours et la rivière monte.",
    "Mañana vamos a visitar a mis abuelos en el pueblo.",
    "Wczoraj wieczorem długo rozmawialiśmy o polityce.",
    "Он долго молчал, глядя на море.",
    "昨日は友達と映画を見に行きました。",
    "今天的天气很好，我们去公园散步吧。",
    "הישיבה נדחתה ליום שלישי הבא.",
    "انتهت المباراة بالتعادل أمس.",
    "A reunião foi adiada para a próxima semana.",
)
_CODE = (
    "for i in range({a}): total += values[i] * {b}",
    "SELECT name, COUNT(*) FROM users WHERE id > {a} GROUP BY name LIMIT {b};",
    "if (err != null) {{ return callback(err, {a}); }}",
    "git commit -m 'fix issue {a}' && git push origin main",
    "Traceback (most recent call last): File 'main.py', line {a}, in <module> KeyError: {b}",
    '{{"status": {a}, "data": [], "error": null, "page": {b}}}',
    "<div class='col-{b}'><span id='x{a}'></span></div>",
    "0x{a:x} 0x{b:x} segfault at address, core dumped",
)

TextMaker = Callable[[np.random.Generator], str]
"""Draws one text."""


def letters(rng: np.random.Generator) -> str:
    """Words of letters drawn at random; one in four in another script."""
    alphabet = list(str(rng.choice(_SCRIPTS))) if rng.random() < 0.25 else _LETTERS
    lengths = rng.integers(3, 10, size=rng.integers(1, 9))
    return " ".join("".join(rng.choice(alphabet, size=size)) for size in lengths)


def nouns(rng: np.random.Generator) -> str:
    """Nouns that have nothing to do with each other, and name no goods."""
    return " ".join(rng.choice(_NOUNS, size=rng.integers(2, 9)))


def goods(rng: np.random.Generator) -> str:
    """Names of goods that have nothing to do with each other: of no one product, though each is a word of shops."""
    return " ".join(rng.choice(_GOODS, size=rng.integers(4, 9), replace=False))


def prose(rng: np.random.Generator) -> str:
    """A few sentences of a story."""
    return " ".join(
        " ".join(_one(rng, words) for words in (_SUBJECTS, _VERBS, _OBJECTS, _ENDINGS))
        for _ in range(rng.integers(1, 4))
    )


def chat(rng: np.random.Generator) -> str:
    """Messages and questions."""
    return " ".join(_one(rng, _CHAT) for _ in range(rng.integers(1, 3)))


def notices(rng: np.random.Generator) -> str:
    """Boilerplate of shops, without any product."""
    return " ".join(_one(rng, _NOTICES) for _ in range(rng.integers(1, 4)))


def foreign(rng: np.random.Generator) -> str:
    """Sentences in other languages that name no goods."""
    return " ".join(_one(rng, _FOREIGN) for _ in range(rng.integers(1, 3)))


def addresses(rng: np.random.Generator) -> str:
    """Links, mail addresses and ids."""
    name, number = letters(rng).split()[0], int(rng.integers(1, 10**8))
    kinds = (
        f"https://www.{name}.com/{_one(rng, _NOUNS)}?id={number}&ref={_one(rng, _NOUNS)}",
        f"{_one(rng, _NOUNS)}.{name}@{_one(rng, _NOUNS)}.org",
        f"{number:08x}-{int(rng.integers(2**16)):04x}-{int(rng.integers(2**16)):04x}",
        f"C:\\Users\\{_one(rng, _NOUNS)}\\Documents\\{_one(rng, _NOUNS)}_{number}.docx",
    )
    return _one(rng, kinds)


def code(rng: np.random.Generator) -> str:
    """Lines of programs and logs."""
    return _one(rng, _CODE).format(a=int(rng.integers(1, 999)), b=int(rng.integers(1, 99)))


def numbers(rng: np.random.Generator) -> str:
    """Digits, dates and signs."""
    kinds = (
        " ".join(str(number) for number in rng.integers(0, 10**6, size=rng.integers(1, 6))),
        f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(1950, 2030)} {rng.integers(0, 24)}:00",
        "".join(rng.choice(list("!?#*+-_.:;/()"), size=rng.integers(3, 20))),
    )
    return _one(rng, kinds)


NONSENSE_TEXTS: dict[str, TextMaker] = {
    "random letters": letters,
    "random nouns": nouns,
    "unrelated goods": goods,
    "prose": prose,
    "chat": chat,
    "shop notices": notices,
    "prose in other languages": foreign,
    "addresses": addresses,
    "code": code,
    "numbers": numbers,
}
"""By what they are."""


def _one(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
