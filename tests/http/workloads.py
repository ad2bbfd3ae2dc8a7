"""Workloads as tests of their API make and ask for them."""

from tests.http.support import Service

TEMPLATE, PARAMETERS = "template.netpol-registry.dev/", "params.netpol-registry.dev/"
PORT = {"parameters": {"properties": {"port": {"type": "integer", "minimum": 1, "default": 80}}}}


class Team:
    """One namespace, its Deployments, and the service asked about them as `user`."""

    def __init__(self, api, service: Service, namespace: str) -> None:
        self.api, self.service, self.namespace = api, service, namespace

    def deploy(self, name="db", labels=None, kind="deployments", **options):
        """Create a workload; options: selector (match labels), annotations, host_network."""
        selector = options.get("selector", {"app": name})
        pods = {
            "metadata": {"labels": selector},
            "spec": {
                "containers": [{"name": "c", "image": "i"}],
                "hostNetwork": options.get("host_network", False),
            },
        }
        meta = {"name": name, "labels": labels or {}, "annotations": options.get("annotations", {})}
        body = {"metadata": meta, "spec": {"selector": {"matchLabels": selector}, "template": pods}}
        return self.api.create(self.path("", kind), body)

    def path(self, name="db", kind="deployments"):
        """Where the API server has a workload."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/{kind}/{name}".rstrip("/")

    def there(self, name="db"):
        """A Deployment as it is."""
        return self.api.get(self.path(name))

    def labels(self, name="db"):
        """Labels of a Deployment."""
        return self.there(name)["metadata"].get("labels", {})

    def annotations(self, name="db"):
        """Annotations of a Deployment."""
        return self.there(name)["metadata"].get("annotations", {})

    def call(self, method, path="", body=None, user="admin"):
        """Ask the service, which has read what is there."""
        self.service.catch_up()
        url = f"/api/v1/namespaces/{self.namespace}/workloads/{path}".rstrip("/")
        return self.service.call(method, url, body, user=user)

    def get(self, path="", user="admin"):
        """The body of a GET that succeeds."""
        answer = self.call("GET", path, user=user)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def attach(self, template, body=None, query="", **how):
        """PUT a template of the Deployment db."""
        return self.call("PUT", f"deployments/db/templates/{template}{query}", body, **how)

    def detach(self, template, query="", **how):
        """DELETE a template of the Deployment db."""
        return self.call("DELETE", f"deployments/db/templates/{template}{query}", **how)

    def done(self, answer):
        """The body of a change that was made."""
        assert answer.status_code == 200, answer.text
        return answer.get_json()
