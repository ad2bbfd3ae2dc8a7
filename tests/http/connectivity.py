"""Questions about connectivity as tests ask them."""

from registry.model.documents import canonical
from tests.connectivity.formats.answers import check
from tests.http.support import Service
from tests.http.workloads import Team

URL = "/api/v1/connectivity"


class Connections(Team):
    """A team that asks who can talk to whom."""

    def __init__(self, api, service: Service, namespace: str) -> None:
        super().__init__(api, service, namespace)

    def policy(self, name, spec):
        """Create a NetworkPolicy."""
        path = f"/apis/networking.k8s.io/v1/namespaces/{self.namespace}/networkpolicies"
        return self.api.create(path, {"metadata": {"name": name}, "spec": spec})

    def ask(self, path, body=None, user="admin", **query):
        """Ask the service, which has read what is there."""
        self.service.catch_up()
        return self.service.app.test_client().open(
            f"{URL}/{path}",
            method="POST" if body is not None else "GET",
            query_string=query,
            headers={"Authorization": f"Bearer {self.service.control_plane.token(user)}"} if user else {},
            json=body,
        )

    def told(self, path, body=None, user="admin", **query):
        """The body of an answer, which is as its schema says."""
        answer = self.ask(path, body, user, **query)
        assert answer.status_code == 200, answer.text
        found = answer.get_json()
        check(path, found)
        assert canonical(found)
        return found

    def end(self, name="db", kind="deployments"):
        """A workload as questions name it."""
        return f"{self.namespace}/{kind}/{name}"

    def between(self, source="web", destination="db", port=80, **more):
        """The query that asks for one connection."""
        return {"source": self.end(source), "destination": self.end(destination), "port": port, **more}
