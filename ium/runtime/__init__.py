"""Starting, watching and stopping IUM on one machine.

Standard library only: what starts the system must work before, and beside, the system itself.
"""
