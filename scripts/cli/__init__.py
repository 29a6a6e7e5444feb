"""What the commands share: their door, their flags, and what they print of studies."""
