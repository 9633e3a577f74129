"""A check that calls sys.exit."""

import sys


def run(options, machine):
    sys.exit(0)
