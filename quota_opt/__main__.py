"""`python -m quota_opt` is `quota-opt`."""

import sys

from quota_opt.cli import main

if __name__ == "__main__":
    sys.exit(main())
