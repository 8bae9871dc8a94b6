"""Conversations: turns that go along with a prompt, safe against cells run again, as long as the model has room for."""

from .conversation import Cell, Conversation, Place, Standing, Turn, text_of

__all__ = ["Cell", "Conversation", "Place", "Standing", "Turn", "text_of"]
