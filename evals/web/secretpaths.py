"""Keeping what opens something out of the log: some addresses have a token in them."""

import logging
import re

SECRET = re.compile(r"/(first-admin|join|password-reset|shared)/[^/\s?]+")


class HideTokens(logging.Filter):
    """Blanks the token in every line that names such an address; lets all lines through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True, with the record's words changed where they have a token."""
        words = record.getMessage()
        if (hidden := SECRET.sub(r"/\1/…", words)) != words:
            record.msg, record.args = hidden, ()
        return True
