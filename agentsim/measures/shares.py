"""How sure a share is."""

import math


def wilson(count: int, of: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a share (Wilson 1927); 0 and 1 where nothing was counted."""
    if not of:
        return 0.0, 1.0
    share, z = count / of, 1.959964
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    # Rounding must not leave the share itself out.
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)
