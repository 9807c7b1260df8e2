"""The files that `agentsim init` writes."""
