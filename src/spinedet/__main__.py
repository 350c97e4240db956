"""`python -m spinedet` is `spinedet`."""

import sys

from spinedet.cli import main

sys.exit(main())
