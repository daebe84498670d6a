"""The requirement files pin exactly the dependencies of pyproject.toml, and tests run on those of the Space."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
FILES = {"requirements.txt": PROJECT["dependencies"], "requirements-dev.txt": EXTRAS["dev"] + EXTRAS["experiments"]}


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _pins(file: str) -> dict[str, str]:
    """Version of each package that the file pins itself."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {_name(name): version for name, version in (line.split("==") for line in lines if "==" in line)}


@pytest.mark.parametrize("file", FILES)
def test_each_dependency_is_pinned_within_its_range_and_nothing_else_is(file):
    declared = {_name(requirement.name): requirement for requirement in map(Requirement, FILES[file])}
    pins = _pins(file)
    assert set(pins) == set(declared)
    for name, requirement in declared.items():
        assert requirement.specifier.contains(pins[name]), f"{file}: {name}=={pins[name]} is not {requirement}"


def test_the_environment_for_tests_has_what_the_space_has():
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
