"""``python -m meso_sched`` and the script ``meso-sched``."""

from __future__ import annotations

import contextlib
import gc
import os
import sys


def main() -> None:
    """Run the command line; the exit code tells how it went (DESIGN section 5)."""
    # Loading makes many objects and no garbage; looking for some takes a tenth of a start.
    gc.set_threshold(100_000)
    from meso_sched.cli.running import run

    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    # All is written; taking the interpreter apart piece by piece takes a fifth of a start.
    os._exit(code)


if __name__ == "__main__":
    main()
