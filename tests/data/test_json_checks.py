"""JSON from a file, checked: the sentence for each fault, and a seal that sees every change of a value."""

import json
from dataclasses import dataclass, field

import pytest
from pydantic import TypeAdapter

from pipeline.artifacts import ArtifactError
from pipeline.data.json_checks import check_fields, check_seal, read_object, require_whole, sealed


@dataclass(frozen=True)
class Inner:
    size: int
    names: tuple[str, ...] = ()

    def __post_init__(self):
        if self.size < 1:
            raise ValueError("size must be positive")


@dataclass(frozen=True)
class Outer:
    inner: Inner
    share: float = 0.5
    each: dict[str, Inner] = field(default_factory=dict)


KIND = TypeAdapter(Outer)


def test_valid_fields_are_read():
    raw = b'{"inner": {"size": 3, "names": ["a"]}, "share": 1, "each": {"x": {"size": 1}}}'
    checked = check_fields(KIND, read_object(raw, "It", "send it again"), "It", "send it again")
    assert checked == Outer(Inner(3, ("a",)), 1.0, {"x": Inner(1)})


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({}, "It is damaged: inner is missing; send it again."),
        ({"inner": None}, "It is damaged: inner should be an object, not null; send it again."),
        ({"inner": {"size": "3"}}, 'It is damaged: inner.size should be a valid integer, not "3"; send it again.'),
        ({"inner": {"size": True}}, "It is damaged: inner.size should be a valid integer, not true; send it again."),
        ({"inner": {"size": 0}}, "It is damaged: inner is wrong (size must be positive); send it again."),
        (
            {"inner": {"size": 1}, "share": "x" * 90},
            f'It is damaged: share should be a valid number, not "{"x" * 38}…; send it again.',
        ),
    ],
)
def test_the_first_invalid_field_is_named(raw, sentence):
    with pytest.raises(ArtifactError) as refused:
        check_fields(KIND, raw, "It", "send it again")
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b"3", b"null", b"[]", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 99_999]
)
def test_text_that_is_not_a_json_object_is_refused(raw):
    with pytest.raises(ArtifactError, match=r"^It is damaged \(.*\); send it again\.$"):
        read_object(raw, "It", "send it again")


def test_a_field_with_a_default_may_not_be_left_out_where_all_were_written():
    raw = {"inner": {"size": 3, "names": []}, "share": 1, "each": {"x": {"size": 1, "names": []}}}
    require_whole(check_fields(KIND, raw, "It", "again"), raw, "all", "It", "again")
    del raw["each"]["x"]["names"]
    with pytest.raises(ArtifactError, match=r"^It is damaged: all\.each\.x\.names is missing; again\.$"):
        require_whole(check_fields(KIND, raw, "It", "again"), raw, "all", "It", "again")


def test_a_seal_detects_changed_values_but_ignores_formatting():
    content = sealed({"a": [1, 2.5, None, {"ü": "\ud800"}], "b": {"c": 1, "d": 1e999}})
    written = json.dumps(dict(reversed(content.items())), indent=3)
    check_seal(json.loads(written), "It", "again")
    assert sealed(content) == content
    for old, new in (("2.5", "2.50001"), ("null", "0"), ('"c": 1', '"c": 1.0'), ('"c"', '"e"'), ("1,", "2,")):
        assert old in written
        with pytest.raises(ArtifactError, match="It was changed after it was written"):
            check_seal(json.loads(written.replace(old, new)), "It", "again")
    with pytest.raises(ArtifactError, match="It was changed"):
        check_seal({"a": 1}, "It", "again")
