"""What the Space takes from strangers, and how much of it: the one place in front of every handler, endpoint and tool.

inputs        what a handler gets: uploads of this page, texts and lists within limits
faults        what a visitor reads of an error that is ours
uploads       the folder of uploads: its age, its quota
gate          requests: their addresses, bodies, answers' headers
rates         how many calls an address may make
connections   connections that are opened and not used
memory        what a server gathers that runs for weeks
"""
