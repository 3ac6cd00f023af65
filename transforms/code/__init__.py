"""Python code that people write into a step, run in a process of its own.

The process has an empty folder, no variable of ours in its environment, and limits on its time, its memory and the
files it writes; its whole group is killed in the end. That stops accidents: a loop without an end, a table that grows
without bound, ``sys.exit``. It is no jail: code runs as the person who runs the flow, may open their files and the
network, and could get around every limit if it wanted to. Therefore a flow's code is run only when its owner has
looked at it and trusts it (:mod:`flows.trust`).
"""
