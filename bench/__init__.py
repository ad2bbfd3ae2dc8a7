"""Speed and memory of the product on a real control plane, beside the least that could do the same.

That is a bare client that does the same writes, and a bare view that returns the same bytes. `make bench`
runs it. `site` is what the measurements share: a control plane, a controller to start and end, and a watch
that says when something is there. `client` sets up; `bare` is the best that a client in Python can do. Each
measurement is a module of its own: of the controller `latency`, `repair`, `stages`, `throughput`, `burst`,
`calls`, `catalogue`, `restart` and `crash`, and beside a framework `kopf`; of the service `service_reads`,
`service_saves` and `service_preview`. `results` holds what they found, `report` shows it.
"""
