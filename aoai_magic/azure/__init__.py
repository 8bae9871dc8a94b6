"""Azure beside the prompts: the control plane, and a credential for Azure's own libraries.

They sign in to the local service with it.
"""

from .control_plane import ControlPlane
from .credential import AsyncLocalCredential, LocalCredential

__all__ = ["AsyncLocalCredential", "ControlPlane", "LocalCredential"]
