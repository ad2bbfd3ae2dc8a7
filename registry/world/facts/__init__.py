"""Cluster facts at run time: what settings say, else what is detected and followed, else the default."""
