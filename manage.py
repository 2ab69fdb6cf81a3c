#!/usr/bin/env python3
"""Django's usual door; the same as the console script `viability`."""

import sys

from viability.cli import main

if __name__ == "__main__":
    sys.exit(main())
