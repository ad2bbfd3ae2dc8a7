"""The HTTP API: a thin Flask shell over the store and the model."""
