"""The local service: Azure OpenAI's REST API on loopback, with a small model behind it.

A program of its own (`python -m aoai_magic.local`). It imports the catalogue and the token rules, and never IPython,
openai, the magics or the client. `launch` is the half that kernels use to find and start it.
"""
