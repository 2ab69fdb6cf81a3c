"""Documents: a result or a page value in, text or bytes out. Nothing is looked up here."""
