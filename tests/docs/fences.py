"""Fenced code blocks of Markdown files."""

import dataclasses
import pathlib
import re

FENCE = re.compile(r"^( *)(`{3,})(\S*)[ \t]*(.*)$")


@dataclasses.dataclass
class Fence:
    path: pathlib.Path
    line: int        # of its first line of text, counted from 1
    language: str    # the first word behind the backticks
    info: str        # the rest
    lines: list


def fences_of(path):
    """All fences of a file, in order. An unclosed one is an error."""
    fences = []
    current = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = FENCE.match(line)
        if current is None and match:
            indent, ticks = len(match[1]), match[2]
            current = Fence(path, number + 1, match[3], match[4].strip(), [])
        elif current is not None and line.strip() == ticks:
            fences.append(current)
            current = None
        elif current is not None:
            current.lines.append(line[indent:] if line[:indent].isspace() else line)
    if current is not None:
        raise ValueError(f"{path}:{current.line - 1}: the fence is never closed")
    return fences
