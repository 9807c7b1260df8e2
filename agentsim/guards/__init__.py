"""Failures of role-play: what they look like. Pure functions over a conversation, without a model."""
