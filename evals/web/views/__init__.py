"""Every page's view, by what it is about."""
