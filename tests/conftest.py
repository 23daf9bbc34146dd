"""What all tests share: helpers that live beside them can be imported, and how many random cases are tried."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
