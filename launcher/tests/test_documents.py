import re
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

DOCUMENTS = sorted(ROOT / name for name in subprocess.check_output(["git", "ls-files", "*.md"], cwd=ROOT, text=True).split())
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")


def local_links(document: Path) -> list[str]:
    return [target for target in LINK.findall(document.read_text()) if not re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path):
    assert [target for target in local_links(document) if not (document.parent / target).exists()] == []


def test_the_readme_links_each_hop_of_one_request():
    links = local_links(ROOT / "README.md")
    for part in ("control-plane/", "inference-adapter/", "triton-models/backend/", "triton-models/engine/"):
        assert [target for target in links if target.startswith(part)], f"no link into {part}"
