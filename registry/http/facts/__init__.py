"""What is known of the cluster, over HTTP."""
