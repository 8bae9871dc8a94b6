"""What an error of the SDK, of azure-identity or of the network means here, and what to type next."""

from .explaining import explain, stream_error

__all__ = ["explain", "stream_error"]
