"""A check that takes all the memory that it can get."""


def run(options, machine):
    blocks = []
    while True:
        blocks.append(b"x" * 1048576)
