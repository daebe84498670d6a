"""Checks and limits of everything that comes from outside, in front of every handler, endpoint and tool.

inputs        inputs of handlers: uploads of this page, texts and lists within limits
faults        messages about errors of ours
uploads       age and quota of the folder of uploads
gate          addresses and bodies of requests, headers of responses
rates         number of calls per address
connections   idle connections
memory        memory of a server that runs for weeks
"""
