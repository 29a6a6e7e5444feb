"""The rooms in which the work is done: no page, no web framework, no strategy."""
