"""Speed and memory of the controller on a real control plane, beside a bare client that does the same writes.

`make bench` runs it. `site` is what the measurements share: a control plane, a controller to start and end,
and a watch that says when something is there. Each measurement is a module of its own: `latency`,
`throughput` (with memory), `restart` and `crash`; `results` holds what they found, `report` shows it.
"""
