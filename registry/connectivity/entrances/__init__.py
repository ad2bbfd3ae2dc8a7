"""How what is outside gets in: Services, Ingresses and Gateway API routes, and the workloads behind them.

`objects` go into a `store.Entrances`, which `routes` reads together with a network; `drawing` adds them to a
graph.
"""
