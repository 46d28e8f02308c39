"""``python -m lgaf``: the command line, run with the sources of the folder that it runs in."""

import sys

from lgaf.cli import main

sys.exit(main())
