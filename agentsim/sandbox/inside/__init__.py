"""What runs inside the sandbox. Nothing in here imports more than the standard library and its own neighbours."""
