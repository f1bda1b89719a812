"""Ask the advisory database about every locked package: ``make audit``.

pip-audit ends well when the database knows none of the packages, as behind a mirror. This doesn't: only "every package
was looked up, and none has an advisory" is exit code 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

LOCKS = ("requirements.lock", "requirements/weights.lock")
CLEAN, VULNERABLE, NOT_ASKED = 0, 1, 2


def main() -> int:
    """Run pip-audit and print one line, and one for each advisory."""
    given = [word for lock in LOCKS for word in ("-r", lock)]
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    done = subprocess.run([*command, "-f", "json", *given], capture_output=True, text=True, check=False)  # noqa: S603
    try:
        code, lines = judged(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError):
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        code, lines = NOT_ASKED, [f"audit: nothing was checked: the advisory database can't be asked from here ({why})"]
    print("\n".join(lines))
    return code


def judged(packages: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code and what to print of pip-audit's findings."""
    skipped = [p["name"] for p in packages if "skip_reason" in p]
    lines = [f"{p['name']} {p['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'no release'}"
             for p in packages for v in p.get("vulns", ())]  # fmt: skip
    if skipped or not packages:
        some = "" if len(skipped) == len(packages) else f" ({', '.join(skipped[:5])} …)"
        lines.append(
            f"audit: NOT clean, not checked: {len(skipped)} of {len(packages)} packages are unknown to the advisory "
            f"database that can be reached from here{some}"
        )
        return (VULNERABLE if len(lines) > 1 else NOT_ASKED), lines
    lines.append(f"audit: {len(packages)} packages were looked up, {len(lines)} advisories")
    return (VULNERABLE if len(lines) > 1 else CLEAN), lines


if __name__ == "__main__":
    sys.exit(main())
