"""The only place of requests and responses. Views look up, call one query or service, render."""
