"""Reusable pieces of page."""
