"""A real Kubernetes control plane for `make run`, the tests and the bench: no containers, no Docker.

The Go files beside this package build etcd, kube-apiserver, kube-controller-manager and kubectl from
upstream's own modules into one binary. `build` makes and caches it, `cluster` starts and stops a control
plane from it, `product` installs what the registry needs into one, and `run` is `make run`.

There are no nodes and there is no network plugin: policies are stored and watched, never enforced.
"""
