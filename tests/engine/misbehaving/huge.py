"""A check with an answer far above the limit."""


def run(options, machine):
    return {"status": "ok", "status_reason": "", "findings": [], "data": {"x": "y" * 20000000}}
