"""What can be asked of a connection, a module each: to do something, and what that would cost."""
