"""The addresses of the API, by noun."""
