"""`make run KUBECONFIG=path`: somebody's cluster instead of our own."""

from pathlib import Path

import urllib3
import yaml

from devcluster.api import Api, ApiError
from devcluster.product import install
from registry.cluster.connection import ConnectionProblem
from registry.cluster.credentials import connect


class ClusterError(Exception):
    """The cluster cannot be used; the text names the kubeconfig and says what is wrong with it."""


def prepare(kubeconfig: Path) -> str:
    """Install namespace and RBAC of `deploy/` into the cluster of `kubeconfig`, and return its address.

    Raises ClusterError when the file, the connection or the caller's rights do not do.
    """
    if not kubeconfig.is_file():
        raise ClusterError(f"KUBECONFIG={kubeconfig}: there is no such file")
    api = _connected(kubeconfig)
    try:
        install(api)
    except ApiError as error:
        raise ClusterError(
            f"KUBECONFIG={kubeconfig}: setting up the registry there takes a cluster admin: {error}"
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise ClusterError(f"KUBECONFIG={kubeconfig}: no API server answers at {api.url}: {error}") from error
    finally:
        api.close()
    return api.url


def _connected(kubeconfig: Path) -> Api:
    try:
        connection = connect(str(kubeconfig))
    except (ConnectionProblem, yaml.YAMLError) as error:
        words = " ".join(str(error).split())  # a YAML error has several lines
        raise ClusterError(f"KUBECONFIG={kubeconfig} is not a usable kubeconfig: {words}") from error
    return Api(connection.url, connection.tls, connection.authorization())
