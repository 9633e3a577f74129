"""A check that fails while it is loaded."""

if __name__:
    raise RuntimeError("not on this server")


def run(options, machine):
    return {}
