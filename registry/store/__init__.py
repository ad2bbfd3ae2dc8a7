"""The registry's ConfigMaps: the catalogue as stored, its revisions, its writer."""
