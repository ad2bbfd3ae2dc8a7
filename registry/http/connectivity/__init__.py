"""`/api/v1/connectivity`: who can talk to whom, and why."""
