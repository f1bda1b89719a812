"""Write ``sbom.cdx.json``, a CycloneDX bill of materials: the installed packages and the weights that ship.

``make sbom`` runs it with the program's own Python, and names the Python that has cyclonedx-py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cad_models import registry

OUT = Path("sbom.cdx.json")


def main(tools: str) -> None:
    """List the environment, then add the networks."""
    command = [tools, "-m", "cyclonedx_py", "environment", sys.executable, "--pyproject", "pyproject.toml"]
    subprocess.run([*command, "--output-reproducible", "--of", "JSON", "-o", str(OUT)], check=True)  # noqa: S603
    bill = json.loads(OUT.read_text(encoding="utf-8"))
    bill["components"] += weights()
    OUT.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    print(f"written: {OUT} (CycloneDX {bill['specVersion']}, {len(bill['components'])} components)")


def weights() -> list[dict[str, Any]]:
    """Return a component for each network that ships, with the sha256 that it is checked against when it is loaded."""
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"weights:{n.name}",
            "name": n.name,
            "description": n.source,
            "hashes": [{"alg": "SHA-256", "content": n.sha256}],
            "licenses": [{"license": {"name": n.licence}}],
        }
        for n in registry.entries()
        if n.embedded
    ]


if __name__ == "__main__":
    main(sys.argv[1])
