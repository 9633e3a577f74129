"""A check that ignores SIGTERM, and whose child ignores it too."""

import signal
import time


def run(options, machine):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    machine.run([b"/bin/sh", b"-c", b"trap '' TERM; while :; do sleep 1; done"], timeout=600)
    while True:
        time.sleep(1)
