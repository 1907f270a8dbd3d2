"""Draw docs/images/result.svg: what `offbeat demo` prints, as a terminal.

`python docs/images/render.py` draws it again; the same code gives the same picture.
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_WIDTH = 112
_PROMPT = "$ make demo"
_THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        *((72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34)),
        *((88, 166, 255), (188, 140, 255), (57, 197, 207), (177, 186, 196)),
    ],
)


def demo_output() -> list[str]:
    """Return the lines of the result, with their ANSI styles."""
    command = [sys.executable, "-c", "from offbeat.cli import main; main()", "demo"]
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(_WIDTH), "TERM": "xterm"}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    lines = done.stdout.splitlines()
    # The first lines name a port and a run, the last one a time: they differ from run to run.
    first = next(number for number, line in enumerate(lines) if "duration" in line)
    last = next(number for number, line in enumerate(lines) if "That took" in line)
    return [line.rstrip() for line in lines[first:last]]


def draw(lines: list[str]) -> str:
    """Return the lines as an SVG that loads nothing from the network."""
    console = Console(record=True, width=_WIDTH, file=io.StringIO())
    console.print(Text(_PROMPT, style="bold"), Text("\n"))
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    svg = console.export_svg(title="offbeat", theme=_THEME)
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    Path(__file__).with_name("result.svg").write_text(draw(demo_output()), encoding="utf-8")
