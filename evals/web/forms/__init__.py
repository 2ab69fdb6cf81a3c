"""Shapes of what is typed: types, sizes, choices. Meaning is the domain's."""
