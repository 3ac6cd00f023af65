"""``dataprep catalog``: the transforms there are."""

from __future__ import annotations

import argparse
import json

from transforms import reference


def catalog(given: argparse.Namespace) -> int:
    """List the transforms, or explain one."""
    if given.json:
        print(json.dumps(reference.as_json(), indent=2, ensure_ascii=False))
    elif given.id:
        print(reference.help_text(given.id))
    else:
        print(reference.listing())
    return 0


def catalog_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``catalog`` takes."""
    parser.add_argument("id", nargs="?", help="a transform to explain")
    parser.add_argument("--json", action="store_true", help="everything, with the JSON schema of the settings")
