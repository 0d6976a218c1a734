"""Rooms and people that many courses share: the exact placement of a whole list."""
