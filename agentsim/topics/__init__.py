"""The topic graph: what dialogues can be about, what they were about, and what has not been talked about yet. Pure."""
