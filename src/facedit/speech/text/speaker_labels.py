"""Who speaks and when, as meeting and editing programs write it into the text: no spoken words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TIME = r"(?:\d{1,2}[:;]){1,3}\d{2}(?:[.,]\d{1,3})?"
_TIMES = rf"{_TIME}(?:\s*(?:-->|-|–)\s*{_TIME})?"
_BRACKETED = rf"\\?[\[(]{_TIMES}\\?[\])]"
_NUMBERED = r"(?i:unknown speaker|(?:speaker|spk)[ _]?(?:\d+|[a-z]\b))"
_NAME = r"[^\W\d_][\w.'’-]*(?: [\w.'’&-]+){0,3}"
_HEADING = re.compile(
    rf"\s*(?:{_TIMES}|{_BRACKETED}|\**{_NUMBERED}:?\**|\[{_NAME}\]\s*{_TIMES}"
    rf"|{_NAME}(?:\s{{2,}}{_TIMES}|\s+{_BRACKETED}):?)\s*"
)
_BEGUN = re.compile(rf"\s*{_BRACKETED}:?\s*")
_AT = re.compile(rf"\s*{_TIMES}\s+")
_SPEAKS = re.compile(rf"\s*(?:- ?)?\**\[?({_NUMBERED}|{_NAME})\]?(?:\s*{_BRACKETED})?:\**(?=\s)")


def without_labels(lines: Sequence[str]) -> list[str]:
    """Take speakers and times out of lines of text.

    Times in brackets and numbered speakers go wherever they begin a line (``[00:01] Speaker 1:``),
    headings of speakers and times wherever they fill one; names with a colon, and times without
    brackets, where several lines begin so and all do.

    Returns as many lines; those without anything spoken are empty. The same lines where nothing
    would be left.
    """
    rest = ["" if _HEADING.fullmatch(line) else _BEGUN.sub("", line, 1) if _BEGUN.match(line)
            else line for line in lines]  # fmt: skip
    for label in (_AT, _SPEAKS):
        spoken = [line for line in rest if line.strip()]
        everywhere = len(spoken) > 1 and all(map(label.match, spoken))
        for number, line in enumerate(rest):
            found = label.match(line)
            if found and (everywhere or (label is _SPEAKS and re.fullmatch(_NUMBERED, found[1]))):
                line = line[found.end() :]
                rest[number] = line[start.end() :] if (start := _BEGUN.match(line)) else line
    return rest if any(line.strip() for line in rest) else list(lines)
