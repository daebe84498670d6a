"""Known vulnerabilities of what is installed, by pip-audit; run by `make audit`.

pip-audit calls a package that its service does not know "not found" and goes on, so on a machine that reaches no
advisory service it finds nothing and says that all is well. So a release with known vulnerabilities is asked for first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

KNOWN = "jinja2==2.4.1"
FOUND, UNANSWERED = 1, 3


def audit(*options: str) -> dict[str, Any] | None:
    """Report of pip-audit; None if it gives none, as without a network."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", *options]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    return report


def vulnerable(report: dict[str, Any] | None) -> dict[str, list[str]]:
    """Release -> ids of its vulnerabilities, of the releases that have some."""
    packages = report["dependencies"] if report else []
    return {
        f"{one['name']} {one['version']}": [bug["id"] for bug in one["vulns"]] for one in packages if one.get("vulns")
    }


def skipped(report: dict[str, Any]) -> list[str]:
    """Packages that the service did not know."""
    return [one["name"] for one in report["dependencies"] if "skip_reason" in one]


def main() -> int:
    """Print what is known; returns 1 if there is something, 3 if no service answered (0 in CI, which reaches none)."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as known:
        known.write(KNOWN)
        known.flush()
        answered = vulnerable(audit("--disable-pip", "--no-deps", "--requirement", known.name))
    report = audit() if answered else None
    if report is None:
        print("audit: skipped, for no advisory service answers here; run it on a machine that reaches PyPI.")
        return 0 if os.environ.get("CI") else UNANSWERED
    found = vulnerable(report)
    for release, ids in found.items():
        print(f"audit: {release}: {', '.join(ids)}")
    print(f"audit: {len(report['dependencies'])} packages, {len(found)} with known vulnerabilities.")
    if unknown := skipped(report):
        print(f"audit: not known to the service: {', '.join(unknown)}")
    return FOUND if found else 0


if __name__ == "__main__":
    sys.exit(main())
