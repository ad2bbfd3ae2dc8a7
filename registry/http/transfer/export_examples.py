"""An export, for the OpenAPI document."""

from typing import Final

DOCUMENTS: Final = """\
name: shop-api
description: Lets pods of the namespace reach this workload on its API port; cuts all other ingress.
scope: workload
spec:
  policyTypes:
  - Ingress
  ingress:
  - from:
    - podSelector: {}
    ports:
    - protocol: TCP
      port: 8080
---
name: shop-frontend
description: Lets anyone reach this workload on its web port; cuts all other ingress.
scope: workload
spec:
  policyTypes:
  - Ingress
  ingress:
  - ports:
    - protocol: TCP
      port: 8443
"""
