"""The watched cluster in memory: what is known of each key, and which keys a change touches."""
