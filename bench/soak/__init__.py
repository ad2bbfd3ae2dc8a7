"""The soak: users, faults and crashes at once on a real control plane, and a judge of what is promised.

`python -m bench.soak` runs it. Pure: `model` (what may be in force), `book` (what was seen), `churn` (what
users do), `schedule` (when what goes wrong), `judge` (what that breaks). The rest does I/O.
"""
