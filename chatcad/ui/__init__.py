"""The page for people: layout, events, drawing, words."""
