"""The app: everything Viability does. `README.md` beside this file is its map."""
