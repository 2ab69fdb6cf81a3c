"""Random tokens and the hashes that are stored of them: 192 bits need no salt and no slow hash."""

import hashlib
import secrets

TOKEN_BYTES = 24


def fresh_token() -> str:
    """Return a token that nobody can guess, in letters that an address may hold."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Return what is stored of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()
