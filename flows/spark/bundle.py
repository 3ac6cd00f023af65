"""Packs a flow and our packages into what ``spark-submit`` takes.

``job.zip`` goes to ``--py-files``: it holds the packages ``transforms``, ``connectors`` and ``flows``, the
flow, and what its steps learned. ``job.py``, written beside it, is the three lines that start it.
Workers need the Python packages of the core installed (polars, pyarrow, pydantic), of the driver's
versions.
"""

from __future__ import annotations

import zipfile
from importlib import import_module
from pathlib import Path

from flows.document import Flow
from flows.files import to_json
from flows.placing import commit, partial_path

PACKAGES = ("transforms", "connectors", "flows")
FLOW = "dataprep_bundle/flow.json"
LEARNED = "dataprep_bundle/learned/"
SCRIPT = '''"""Runs the flow in {archive}: spark-submit --py-files {archive} {script} --folder FOLDER"""

from flows.spark.main import main

if __name__ == "__main__":
    raise SystemExit(main())
'''


def bundle(flow: Flow, learned: Path, archive: Path) -> Path:
    """Write ``archive`` (``job.zip``) and the script beside it; the script's path.

    Args:
        flow: the flow to run.
        learned: folder of what its steps learned; need not be there.
        archive: where the zip goes.
    """
    draft = partial_path(archive)
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as packed:
        for package in PACKAGES:
            root = Path(import_module(package).__path__[0])
            for file in sorted(root.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    packed.write(file, f"{package}/{file.relative_to(root).as_posix()}")
        packed.writestr("dataprep_bundle/__init__.py", "")
        packed.writestr(FLOW, to_json(flow))
        for file in sorted(learned.glob("*")) if learned.is_dir() else ():
            packed.write(file, LEARNED + file.name)
    commit(draft, archive)
    script = archive.with_suffix(".py")
    script.write_text(SCRIPT.format(archive=archive.name, script=script.name), encoding="utf-8")
    return script
