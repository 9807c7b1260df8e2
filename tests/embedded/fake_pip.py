"""Stands in for pip: ``fake_pip.py download ... -d FOLDER REQUIREMENT``, told by variables what to do.

It writes a half file into TMPDIR first, as pip does, notes its process id in FAKE_PIP_LOG, and obeys
FAKE_PIP_MODE:
``fail`` complains and ends with 1, ``hang`` never completes.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

arguments = sys.argv[1:]
assert arguments[0] == "download"
assert "--no-deps" in arguments
with Path(os.environ["FAKE_PIP_LOG"]).open("a") as log:
    log.write(f"{os.getpid()}\n")
mode = os.environ.get("FAKE_PIP_MODE", "")
if mode == "fail":
    sys.exit("ERROR: cannot reach https://me:secret@index.invalid/simple\nERROR: No matching distribution found")
wheel = Path(os.environ["FAKE_PIP_WHEEL"])
content = wheel.read_bytes()
partial = Path(tempfile.mkdtemp(prefix="pip-unpack-")) / wheel.name
partial.write_bytes(content[: len(content) // 2])
time.sleep(60 if mode == "hang" else 0.3)
partial.write_bytes(content)
shutil.move(partial, Path(arguments[arguments.index("-d") + 1]) / wheel.name)
