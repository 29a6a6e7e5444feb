"""The command line: each module has `main(argv=None) -> int`."""
