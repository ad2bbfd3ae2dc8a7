"""The template model: documents, parameters, validation and rendering. Pure: no I/O, no clock."""
