"""Finds parameters: sweeps, samples, searches and walks forward over one compiled core."""

from services.optimise.grid import combinations_of, grid_size
from services.optimise.sweep import sweep

__all__ = ["combinations_of", "grid_size", "sweep"]
