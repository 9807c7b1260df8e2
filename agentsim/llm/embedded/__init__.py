"""The model that works without a key or a server: a small GGUF run in this process by llama.cpp.

`model.Embedded` is the way in; `provider.register` makes the same model known to litellm.
"""
