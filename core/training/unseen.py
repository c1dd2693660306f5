"""Characters of strangers' texts that nobody sees: they turn the order of others on a screen, or spell words unseen.

With them people would read other code than what runs, and other pages than what Claude is sent.
"""

from __future__ import annotations

import re
from typing import Final

UNSEEN: Final = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
