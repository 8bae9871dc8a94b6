"""Azure's own libraries, and what they need to know to work against the local service."""

from .credential import AsyncLocalCredential, LocalCredential

__all__ = ["AsyncLocalCredential", "LocalCredential"]
