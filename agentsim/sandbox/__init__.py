"""Where code that a model wrote is executed: in a sandbox of bubblewrap's, or not at all."""
