"""The outside world: endpoints, the pump that feeds them, lm-eval. Values in, values out.

Nothing here knows a table, a user or a job.
"""
