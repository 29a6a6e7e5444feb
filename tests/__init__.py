"""The tests, and the stand-in gateway that `python -m tests.gateway` starts."""
