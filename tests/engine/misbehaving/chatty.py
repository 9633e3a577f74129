"""A check that writes to the streams of the answer."""

import os


def run(options, machine):
    print("==bottomup.security noise==")
    os.write(1, b"noise")
    os.write(2, b"noise")
    return {"status": "ok", "status_reason": "", "findings": [], "data": {}}
