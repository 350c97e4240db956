"""LabelImg's own process: `python -P -m spinedet.annotations.labelimg SESSION.json OUTCOME.json`."""

import sys
from pathlib import Path

from spinedet.annotations.labelimg.process import run

if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), Path(sys.argv[2])))
