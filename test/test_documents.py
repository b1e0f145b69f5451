# Copyright 2026 The impnet_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What the documents name is there: linked pages and headings, files, options of commands."""
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import lru_cache
from io import StringIO
from pathlib import Path
import re

from impnet_ros.cli import main
import pytest

pytestmark = pytest.mark.linter

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted((*ROOT.glob('*.md'), *(ROOT / 'docs').rglob('*.md')))
OURS = re.compile(r'(?:config|docs|impnet_ros|launch|msg|test|tools)/[\w./-]+\.\w+')
THEIRS = {'tools/deploy.py', 'tools/deployment/export_onnx.py', 'tools/export_onnx.py'}
"""Files of other projects."""

each_document = pytest.mark.parametrize(
    'document', DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def anchors(document: Path) -> set[str]:
    """Name the headings as links do."""
    text = re.sub(r'```.*?```', '', document.read_text(), flags=re.DOTALL)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-')
            for heading in re.findall(r'^#+ (.*)', text, flags=re.MULTILINE)}


def commands(text: str) -> Iterator[str]:
    """Find the lines of code blocks, and the code within sentences."""
    blocks = re.findall(r'```\w*\n(.*?)```', text, flags=re.DOTALL)
    for block in blocks:
        yield from block.replace('\\\n', ' ').splitlines()
    sentences = re.sub(r'```.*?```', '', text, flags=re.DOTALL)
    yield from (' '.join(code.split()) for code in re.findall(r'`([^`]+)`', sentences))


@lru_cache
def usage(command: str) -> str:
    """Give what `impnet COMMAND --help` says."""
    with redirect_stdout(StringIO()) as said, pytest.raises(SystemExit):
        main([command, '--help'])
    return said.getvalue()


def test_documents_are_found() -> None:
    assert {ROOT / 'README.md', ROOT / 'docs' / 'README.md'} <= set(DOCUMENTS)


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r'\]\(\s*([^)\s]+)\s*\)', document.read_text()):
        if '://' in link:
            continue
        path, _, anchor = link.partition('#')
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_document
def test_named_files_exist(document: Path) -> None:
    named = {path for code in commands(document.read_text()) for path in OURS.findall(code)
             if re.search(rf'(?<![\w/]){re.escape(path)}', code)}
    assert [path for path in sorted(named - THEIRS) if not (ROOT / path).exists()] == []


@each_document
def test_lines_have_100_columns(document: Path) -> None:
    """At most, but for rows of tables."""
    lines = document.read_text().splitlines()
    assert [line for line in lines if len(line) > 100 and not line.startswith('|')] == []


@each_document
def test_options_exist(document: Path) -> None:
    wrong = []
    for code in commands(document.read_text()):
        match = re.match(r'\s*(?:ros2 run impnet_ros )?impnet ([a-z-]+) ([^#|;&]*)', code)
        if match:
            known = usage(match[1])
            wrong += [code for option in re.findall(r'(?<!\S)--[a-z-]+', match[2])
                      if not re.search(rf'{option}\b(?!-)', known)]
    assert wrong == []
