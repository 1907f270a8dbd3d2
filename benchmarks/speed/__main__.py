"""How fast, how large and how quickly under way the analyzer is, against what is promised.

It is run as Kubernetes runs it: one process for one file, on one core, with a Redis of its own to
deliver to; the clock starts before the process does. Bare decoders and peers take turns with it.
`python -m benchmarks.speed` runs everything but six hours; `--only night` runs those.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.speed.files import FORMATS
from benchmarks.speed.parts import PARTS, Bench
from benchmarks.speed.process import pin
from benchmarks.speed.programs import Analyzer
from offbeat.embedded import EmbeddedRedis

_USUAL = [name for name in PARTS if name != "night"]


def main() -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(_USUAL), metavar="PARTS",
                        help=f"some of {','.join(PARTS)}")  # fmt: skip
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--long-peers", action="store_true", help="peers on 60 min, too: 8 GB")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    given = parser.parse_args()
    parts = given.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    core = pin()
    written = [f"Core {core} of {os.cpu_count()}, load {os.getloadavg()[0]:.1f} at the start\n"]
    print(written[0])
    with (
        tempfile.TemporaryDirectory(prefix="offbeat-speed-") as name,
        EmbeddedRedis(Path(name) / "redis", port=0) as redis,
    ):
        folder = Path(name)
        bench = Bench(
            folder,
            Analyzer(folder, redis.url),
            runs=given.runs,
            formats=tuple(given.formats.split(",")),
            long_peers=given.long_peers,
        )
        for part in parts:
            for table in PARTS[part](bench):
                written.append(table.markdown())
                print(written[-1], flush=True)
    if given.markdown:
        given.markdown.write_text("\n".join(written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
