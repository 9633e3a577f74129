"""A check that ends its process instead of answering."""

import os


def run(options, machine):
    os._exit(0)
