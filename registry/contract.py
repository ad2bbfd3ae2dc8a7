"""Every string of the label contract: the one module that owns them.

Users write the labels and annotations named here, other tools select on them, and policies in
clusters bear them, so a change here is a breaking change of the product.
"""

from typing import Final

DOMAIN: Final = "netpol-registry.dev"

# Written by users, on a workload's own metadata or on a Namespace.
TEMPLATE_LABEL_PREFIX: Final = f"template.{DOMAIN}/"
PARAMETERS_ANNOTATION_PREFIX: Final = f"params.{DOMAIN}/"
MANAGED_LABEL: Final = f"{DOMAIN}/managed"

# Written for callers, with their own token, for the controller to carry out.
ON_DISABLE_ANNOTATION: Final = f"{DOMAIN}/on-disable"
LEAVE: Final = "leave"
"""Its value on a Namespace: policies stay behind, without our marks."""
ADOPT_ANNOTATION: Final = f"{DOMAIN}/adopt"
"""On a policy that bears the name and the spec of a generated one: the controller may take it over."""

# Written by the controller, on generated policies.
MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
MANAGER: Final = "netpol-registry"
TEMPLATE_LABEL: Final = f"{DOMAIN}/template"
REVISION_LABEL: Final = f"{DOMAIN}/revision"
WORKLOAD_ANNOTATION: Final = f"{DOMAIN}/workload"
PARAMETERS_ANNOTATION: Final = f"{DOMAIN}/parameters"
TRACKING_ANNOTATION: Final = f"{DOMAIN}/tracking"
DIGEST_ANNOTATION: Final = f"{DOMAIN}/digest"
DESCRIPTION_ANNOTATION: Final = f"{DOMAIN}/description"
ORPHANED_ANNOTATION: Final = f"{DOMAIN}/orphaned-since"

# Written by the controller, on Events.
SWITCH_ANNOTATION: Final = f"{DOMAIN}/switch"
"""On the Event that a namespace was enabled or disabled: how many writes in how long, as JSON."""

# Written by the store, on its ConfigMaps.
COMPONENT_LABEL: Final = f"{DOMAIN}/store"
HEADS_ANNOTATION: Final = f"{DOMAIN}/heads"
AUTHOR_ANNOTATION: Final = f"{DOMAIN}/author"
TIME_ANNOTATION: Final = f"{DOMAIN}/time"
MESSAGE_ANNOTATION: Final = f"{DOMAIN}/message"
STATE_ANNOTATION: Final = f"{DOMAIN}/state"
PARENT_ANNOTATION: Final = f"{DOMAIN}/parent"

# Written for callers, on the ConfigMaps of a backup.
BACKUP_LABEL: Final = f"{DOMAIN}/backup"

# The virtual resource on which RBAC rules decide who may edit the catalogue.
TEMPLATES_GROUP: Final = DOMAIN
TEMPLATES_RESOURCE: Final = "templates"

NAME_LABEL: Final = "kubernetes.io/metadata.name"
"""Set by the API server on every Namespace since Kubernetes 1.22; nobody has to add it."""
