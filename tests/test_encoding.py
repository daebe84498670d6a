"""The encoding of a text file is found from its bytes."""

import codecs
import io

import pytest

from pipeline.encoding import NotTextError, find_encoding

TEXTS = {
    "cp1252": "Teekanne aus Gusseisen, 0,8 l,Mit Sieb – hält 40 °C, „klassisch“, 29,90 €\nWanderstiefel, Größe 39",
    "cp1250": "Kubek ceramiczny żółty, pojemność 350 ml\nŁóżko dębowe, światło ciepłe",
    "cp1251": "Кружка керамическая, 350 мл\nЛампа настольная, тёплый свет",
    "cp1253": "Κεραμική κούπα 350 ml\nΕπιτραπέζιο φωτιστικό",
    "cp1254": "Seramik kupa, sıcak ışık, göğüs çantası",
    "mac_roman": "Théière en fonte, été, façon, naïve",
    "cp932": "陶器のマグカップ 350ml\n真鍮のデスクランプ",
    "gb18030": "陶瓷马克杯 350毫升\n黄铜台灯",
    "euc_kr": "도자기 머그컵 350ml\n황동 책상 램프",
}


def _found(content):
    return find_encoding(lambda: io.BytesIO(content))


@pytest.mark.parametrize("codec", TEXTS)
def test_an_older_encoding_is_found_by_what_its_letters_are(codec):
    content = f"id;name\n1;{TEXTS[codec]}\n".encode(codec)
    assert content.decode(_found(content)) == content.decode(codec)


@pytest.mark.parametrize("text", ["café", "Mug, 29 £", "Théière à l’ancienne", "diseño español", "coração"])
def test_a_short_western_text_is_windows_1252(text):
    assert _found(text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_found_with_and_without_a_byte_order_mark(codec):
    content = "id;name\n1;Größe\n2;żółty 陶\n".encode(codec)
    assert codecs.decode(content, _found(content)) == "id;name\n1;Größe\n2;żółty 陶\n"


def test_the_only_umlaut_may_be_in_the_last_line_of_a_large_file():
    plain = b"id;name\n" + b"1;lamp\n" * 400_000
    assert _found(plain) == "utf-8"
    assert _found(plain + "2;Größe\n".encode("cp1252")) == "cp1252"
    assert _found(plain + "2;Größe\n".encode()) == "utf-8"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Bögre, kerámia;Űrtartalom: 350 ml, őszi\nTölgyfa keret", "cp1250"),
        ("Botões de cerâmica, coração", "cp1252"),
        ("Flûte à champagne, goût sûr", "cp1252"),
        ("Hrnek keramický, žlutý, příjemné světlo", "cp1250"),
        ("Czajnik żeliwny;Zdjęcie\nRamka na zdjęcia", "cp1250"),
        ("¿Qué taza?;¡Oferta! señal\nmañana", "cp1252"),
    ],
)
def test_letters_that_two_encodings_share_are_told_by_their_neighbors(text, codec):
    assert text.encode(codec).decode(_found(text.encode(codec))) == text


def test_a_damaged_byte_does_not_make_utf_8_another_encoding():
    assert _found("Größe\n".encode() * 100 + b"Gr\xf6\xdfe\n") == "utf-8"
    assert _found("Größe\n".encode() * 3 + b"Caf\xe9\n") == "utf-8"
    assert _found(b"id,title\n1,M\0ug\n\x002,Lamp\n") == "utf-8"


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"\x89PNG\r\n\x1a\n" + bytes(500)])
def test_what_is_no_text_is_told(content):
    with pytest.raises(NotTextError):
        _found(content)
