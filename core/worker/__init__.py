"""The runner of tasks: one long-lived thread, warm child processes, heartbeats.

Nothing is loaded here: a child is a module of this package too, and would have all that the runner has.
"""
