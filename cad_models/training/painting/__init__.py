"""Painters: each draws one family of disease into a normal film and returns the film with an exact mask."""
