"""A check that raises what nobody foresaw."""


def run(options, machine):
    return {}["nothing <b>here</b>\x1b[31m"]
