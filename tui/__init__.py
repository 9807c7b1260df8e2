"""Watches a run in the terminal; installed as ``agentsim_tui``."""
