"""The child process of ``documents``: one document on standard input, its text as JSON on standard output.

It is a script of its own, so that a hostile file can crash, hang or fill only this process. Its argument is the
file's suffix. It prints ``{"title", "year", "made", "url", "pages", "paged"}`` (``year`` is what the document gives
as its own, ``made`` that of the file), or ``{"refused": reason}``; any other end means that the file is damaged.
What it prints on standard error is not shown to anybody.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

MEMORY_BYTES = 2**30
CPU_SECONDS = {".pdf": 60, ".docx": 20, ".html": 10, ".htm": 10}
"""A thousand pages of PDF take most of a minute; a web page that takes ten seconds is nested to do so."""
MAX_PAGES = 1000
MAX_UNPACKED = 64 * 2**20  # of a DOCX, which is a zip archive: a bomb unpacks to gigabytes

_YEAR = re.compile(r"(?:19|20)\d\d")
_NOT_CONTENT = ("script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template", "iframe", "svg")
# What a reader of the page doesn't see may not be quoted to one either.
_UNSEEN = (
    "[hidden], [aria-hidden=true], [style*='display:none'], [style*='display: none'], [style*='visibility:hidden']"
)
_BLOCKS = ("p", "li", "tr", "dd", "dt", "blockquote", "pre", "div", "section", "br", "figcaption")
_DATES = ("citation_publication_date", "article:published_time", "dc.date", "dcterms.issued", "date")
_PROGRAM = re.compile(r"^(?:microsoft word|untitled|document\d*$)|\.(?:docx?|indd|qxd|pdf)$", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"^\W*(?:page\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?\W*$", re.IGNORECASE)


class Refused(Exception):
    """The document is of a kind that isn't taken in; the message is shown to the user."""


def limit_resources(seconds: int) -> None:
    """Bound memory and time where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's time limit holds there
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_pdf(content: bytes) -> dict[str, Any]:
    """Return the text of a PDF, page by page."""
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted:
        try:
            opened = reader.decrypt("") != PasswordType.NOT_DECRYPTED
        except DependencyError:  # AES needs a package that isn't worth its weight here
            opened = False
        if not opened:
            raise Refused("is encrypted: save a copy without a password")
    if len(reader.pages) > MAX_PAGES:
        raise Refused(f"has more than {MAX_PAGES} pages: split it")
    pages = without_running_lines([page.extract_text() for page in reader.pages])
    if len("".join("".join(pages).split())) < 20:
        raise Refused("holds no text (a scan?): run it through OCR first, for example ocrmypdf")
    about = reader.metadata
    title = str(about.title or "") if about else ""
    date = str(about.get("/CreationDate") or "") if about else ""
    year = re.match(rf"D:({_YEAR.pattern})", date)
    return {"title": title, "made": int(year[1]) if year else None, "pages": pages, "paged": True}


def without_running_lines(pages: list[str]) -> list[str]:
    """Return the pages without page numbers and without the lines that stand on most of them."""
    split = [[line.strip() for line in page.splitlines()] for page in pages]
    seen = Counter(line for lines in split for line in set(lines))
    most = max(3, 0.6 * len(pages))
    kept = [[s for s in lines if seen[s] < most and not _PAGE_NUMBER.match(s)] for lines in split]
    # A word divided at the end of a line is one word.
    return [re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", "\n".join(lines)) for lines in kept]


def read_docx(content: bytes) -> dict[str, Any]:
    """Return the text of a Word document; its headings are marked as in Markdown."""
    from docx import Document
    from docx.table import Table

    with zipfile.ZipFile(BytesIO(content)) as archive:
        if "EncryptedPackage" in archive.namelist():
            raise Refused("is encrypted: save a copy without a password")
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
            raise Refused(f"unpacks to more than {MAX_UNPACKED // 2**20} MB: save it without pictures")
    document = Document(BytesIO(content))
    blocks = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            blocks += ["; ".join(dict.fromkeys(cell.text.strip() for cell in row.cells)) for row in block.rows]
        else:
            style = str(block.style.name) if block.style is not None else ""
            blocks.append(f"# {block.text}" if style.startswith(("Heading", "Title")) else block.text)
    about = document.core_properties
    year = about.modified.year if about.modified else None
    return {"title": about.title, "made": year, "pages": ["\n\n".join(blocks)], "paged": False}


def read_html(content: bytes) -> dict[str, Any]:
    """Return the visible text of a web page; its headings are marked as in Markdown."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(content, "lxml")
    title = soup.title.get_text(" ", strip=True) if soup.title else ""
    canonical = soup.find("link", rel="canonical")
    url = str(canonical.get("href") or "") if canonical else ""
    year = _html_year(soup)
    for unwanted in [*soup.find_all(_NOT_CONTENT), *soup.select(_UNSEEN)]:
        unwanted.decompose()
    body = soup.find("main") or soup.find("article") or soup.body or soup
    for heading in body.find_all(re.compile("^h[1-6]$")):
        heading.replace_with(f"\n\n# {heading.get_text(' ', strip=True)}\n\n")
    for block in body.find_all(_BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n\n")
    for cell in body.find_all(["td", "th"]):
        cell.append("; ")
    lines = (" ".join(line.split()) for line in re.split(r"\n\s*\n", body.get_text()))
    return {"title": title, "year": year, "url": url, "pages": ["\n\n".join(x for x in lines if x)], "paged": False}


def _html_year(soup: BeautifulSoup) -> int | None:
    told = {str(m.get("name") or m.get("property")).lower(): str(m.get("content")) for m in soup.find_all("meta")}
    years = (_YEAR.search(told[name]) for name in _DATES if name in told)
    return next((int(year[0]) for year in years if year), None)


READERS = {".pdf": read_pdf, ".docx": read_docx, ".html": read_html, ".htm": read_html}


def main() -> None:
    """Read one document."""
    limit_resources(CPU_SECONDS[sys.argv[1]])
    content = sys.stdin.buffer.read()
    try:
        result = {"year": None, "made": None, "url": ""} | READERS[sys.argv[1]](content)
        title = " ".join(str(result["title"] or "").split())
        result["title"] = "" if len(title) < 5 or _PROGRAM.search(title) else title
    except Refused as refusal:
        result = {"refused": str(refusal)}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
