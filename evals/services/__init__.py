"""Writing: each function is keyword-only, one transaction, returns its row and rings last."""
