"""The composition root: the app factory, the shell, the server."""
