"""The control loop: from informers' changes to written policies. A process of its own."""
