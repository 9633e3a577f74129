"""A check that never ends, and its own child neither."""

import subprocess


def run(options, machine):
    subprocess.Popen(["/bin/sleep", "98765"])
    while True:
        pass
