"""What an error of the SDK, of azure-identity or of the network means here, and what to type next."""

from .explaining import explain, explained, stream_error

__all__ = ["explain", "explained", "stream_error"]
