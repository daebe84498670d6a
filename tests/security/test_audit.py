"""`make audit` tells "nothing known" from "nobody asked"."""

import runpy
from pathlib import Path

import pytest

AUDIT = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "audit.py"))
CLEAN = {"name": "torch", "version": "2.13.0", "vulns": []}
BROKEN = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited: numpy (2.4.6)"}


def run(monkeypatch, canary, installed, ci=""):
    answers = iter([canary, installed])
    monkeypatch.setitem(AUDIT["main"].__globals__, "audit", lambda *_: next(answers))
    monkeypatch.setenv("CI", ci)
    return AUDIT["main"]()


@pytest.mark.parametrize("canary", [None, {"dependencies": [UNKNOWN]}, {"dependencies": [CLEAN]}])
def test_an_unreachable_service_is_not_reported_as_clean(monkeypatch, capsys, canary):
    assert run(monkeypatch, canary, {"dependencies": [CLEAN]}) == 3
    assert "no advisory service answers" in capsys.readouterr().out
    assert run(monkeypatch, canary, {"dependencies": [CLEAN]}, ci="true") == 0


def test_vulnerabilities_are_named(monkeypatch, capsys):
    canary = {"dependencies": [BROKEN]}
    assert run(monkeypatch, canary, {"dependencies": [CLEAN, BROKEN, UNKNOWN]}, ci="true") == 1
    report = capsys.readouterr().out
    assert "jinja2 2.4.1: PYSEC-1, PYSEC-2" in report
    assert "not known to the service: numpy" in report
    assert run(monkeypatch, canary, {"dependencies": [CLEAN]}) == 0
