"""Names for people in reports that tell nobody who they are.

A pseudonym is an HMAC-SHA256 of the person's number, cut to 50 bits and written so that it can be read aloud. Without
the key nobody can work out whose it is, not even with a list of all people; with the same key it is the same in every
report. 50 bits: among 100,000 people two share one with a chance of 1 in 200,000.

The key is a setting of its own (IUM_PSEUDONYM_KEY), else derived from the secret key. Another key makes
other pseudonyms: old reports can then not be joined with new ones, and neither tells a name.
"""

import hashlib
import hmac

from django.conf import settings

# Crockford's Base32: without I, L, O and U, which look or sound like others.
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
PURPOSE = b"ium pseudonyms 1"


def pseudonym(user_id: int) -> str:
    """Return what a person is called where names are hidden, for example "P-7KQ2M-9XTA4". No query."""
    own = settings.IUM_PSEUDONYM_KEY or settings.SECRET_KEY
    key = hmac.digest(own.encode(), PURPOSE, hashlib.sha256)
    number = int.from_bytes(hmac.digest(key, str(user_id).encode(), hashlib.sha256))
    text = "".join(LETTERS[number >> 5 * place & 31] for place in range(LENGTH))
    return f"P-{text[:5]}-{text[5:]}"
