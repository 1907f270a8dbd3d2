"""Let MkDocs read what is outside docs/, so that nothing is written twice.

README.md becomes the home page; other pages of the repository follow. Links are written for
GitHub: here they are changed to lead to the pages of the site. A link to a file that has no page
becomes plain text.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "examples.md",
}
"""File of the repository → page of the site."""

FOLDERS = {"examples": "examples.md"}
"""Folder of the repository → page that describes it."""

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    root = Path(config.config_file_path).parent
    for source, page in PAGES.items():
        text = (root / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Change the links of one page."""
    here = page.file.src_uri
    source = next((name for name, uri in PAGES.items() if uri == here), f"docs/{here}")

    def changed(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[3]))
        found = PAGES.get(target) or FOLDERS.get(target)
        if found is None and target.startswith("docs/"):
            found = target.removeprefix("docs/")
        if found is None:
            return link[2]
        uri = posixpath.relpath(found, posixpath.dirname(here) or ".")
        return f"{link[1]}[{link[2]}]({uri}{link[4] or ''})"

    return _LINK.sub(changed, markdown)
