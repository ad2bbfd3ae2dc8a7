"""Named, versioned NetworkPolicy templates, applied to workloads by one label."""

__version__ = "0.1.0"
