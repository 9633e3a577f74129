"""A check that is killed from outside."""

import os
import signal


def run(options, machine):
    os.kill(os.getpid(), signal.SIGKILL)
