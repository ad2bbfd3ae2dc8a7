"""Templates over HTTP: what they are now, what they were, and changing them."""
