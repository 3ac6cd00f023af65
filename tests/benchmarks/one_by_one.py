"""Runs a flow as ``dataprep run`` does, but fits each step when its turn has come and not before."""

from __future__ import annotations

import sys

from dataprep_app.cli import main
from flows import lookahead

if __name__ == "__main__":
    lookahead.FARTHEST = 1
    raise SystemExit(main(["run", "--fit", "refit", *sys.argv[1:]]))
