"""The HTTP service: the catalogue of templates for people's tools and other platforms."""
