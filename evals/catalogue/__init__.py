"""Dated facts with their sources, as data: models, hardware, shocks. No code lives here."""
