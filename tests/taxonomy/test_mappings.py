"""Shopify's mapping files, in the two forms in which they are published."""

import json
import logging

import pytest

from pipeline.artifacts import ArtifactError
from pipeline.taxonomy.mappings import Category, choose_mapping, read_google_mapping, read_mappings

GID = "gid://shopify/TaxonomyCategory/"
TEXT = """# Shopify Product Taxonomy - Mapping shopify/2024-10 to shopify/2025-09-unstable
# Format:
# → {base taxonomy category name}
# ⇒ {mapped taxonomy category name}

→ Apparel > Uniforms
⇒ Apparel > Uniforms & Workwear

→ Home > Sets
⇒ Home > Tea Sets
⇒ Home > Coffee Sets
"""


def _rule(identifier, path, *targets):
    return {
        "input": {"category": {"id": identifier, "full_name": path}},
        "output": {"category": [{"id": one, "full_name": name} for one, name in targets]},
    }


def _json(*mappings):
    listed = [{"input_taxonomy": a, "output_taxonomy": b, "rules": list(rules)} for a, b, rules in mappings]
    return json.dumps({"version": "2026-08", "mappings": listed})


TO_GOOGLE = ("shopify/2026-08", "google/2021-09-21", [_rule(f"{GID}hg-3", "Home > Mugs", ("2169", "Home > Mugs"))])
ON = (
    "shopify/2024-10",
    "shopify/2026-08",
    [_rule("aa-1-21", "Apparel > Uniforms", (f"{GID}aa-1-24", "Apparel > Workwear"))],
)


def _write(tmp_path, text):
    path = tmp_path / "mapping"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_text_file_maps_paths_one_to_one_or_more(tmp_path):
    [mapping] = read_mappings(_write(tmp_path, TEXT))
    assert (mapping.source, mapping.target) == ("shopify/2024-10", "shopify/2025-09-unstable")
    assert mapping.one("Apparel > Uniforms") == Category("Apparel > Uniforms & Workwear")
    assert [one.path for one in mapping.find("Home > Sets")] == ["Home > Tea Sets", "Home > Coffee Sets"]
    assert mapping.one("Home > Sets") is None
    assert mapping.find("Home") == ()


def test_the_mapping_to_google_is_found_among_several_by_id_first(tmp_path):
    mapping = read_google_mapping(_write(tmp_path, _json(ON, TO_GOOGLE)))
    assert mapping.one("Another language > Tassen", f"{GID}hg-3") == Category("Home > Mugs", "2169")
    assert mapping.one("Home > Mugs") == Category("Home > Mugs", "2169")


def test_the_mapping_of_a_release_is_chosen(tmp_path, caplog):
    path = _write(tmp_path, _json(ON, TO_GOOGLE))
    chosen = choose_mapping(read_mappings(path), "2024-10", path)
    assert chosen.one("", f"{GID}aa-1-21") == Category("Apparel > Workwear", f"{GID}aa-1-24")
    with caplog.at_level(logging.WARNING):
        assert choose_mapping(read_mappings(path), "2025-06-unstable", path) == chosen
    assert "from shopify/2024-10, the taxonomy of release 2025-06-unstable" in caplog.text
    with pytest.raises(ArtifactError, match="does not lead from release '2022-02'"):
        choose_mapping(read_mappings(_write(tmp_path, _json(ON, ON))), "2022-02", path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Home > Mugs\n", "line 1: it does not say"),
        (TEXT + "Home > Mugs\n", "line 12: it begins with neither '→'"),
        (TEXT + "→ > \n", "line 12: .*has no level"),
        ('{"mappings": [}', "not whole JSON"),
        ('{"verticals": []}', "without a list 'mappings'"),
        ('{"mappings": [{"rules": [{}]}]}', r"mappings\[0\].rules\[0\]: it has no 'input'"),
    ],
)
def test_what_cannot_be_read_names_its_place(tmp_path, text, said):
    with pytest.raises(ArtifactError, match=said):
        read_mappings(_write(tmp_path, text))


def test_a_mapping_that_does_not_lead_to_google_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="it has: shopify/2024-10 to shopify/2025-09-unstable"):
        read_google_mapping(_write(tmp_path, TEXT))
