"""A check that answers and leaves a process behind."""

import subprocess


def run(options, machine):
    child = subprocess.Popen(["/bin/sleep", "98764"])
    return {"status": "ok", "status_reason": "", "findings": [], "data": {"pid": child.pid}}
