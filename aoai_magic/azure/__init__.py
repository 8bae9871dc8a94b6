"""Azure beside the prompts: the control plane, and the credential that Azure's own libraries sign in to the local service with."""

from .control_plane import ControlPlane
from .credential import AsyncLocalCredential, LocalCredential

__all__ = ["AsyncLocalCredential", "ControlPlane", "LocalCredential"]
