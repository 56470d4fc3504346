"""From target landmarks to pixels: a warped base, a mouth of the clip's own, corrected."""
