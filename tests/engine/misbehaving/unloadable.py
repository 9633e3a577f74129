"""A check that fails while it is loaded."""

raise RuntimeError("not on this server")


def run(options, machine):
    return {}
