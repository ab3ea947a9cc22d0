"""The running head of a manuscript: its title, short and in capitals."""

from __future__ import annotations

_LETTERS = 50


def running_head(title: str) -> str:
    """The title in capitals, up to 50 letters, whole words.

    >>> running_head("Alliance and symptoms, session by session: a synthetic example")
    'ALLIANCE AND SYMPTOMS, SESSION BY SESSION'
    """
    words: list[str] = []
    for word in title.upper().split():
        if len(" ".join([*words, word])) > _LETTERS:
            break
        words.append(word)
        if word.endswith(":"):
            break
    return " ".join(words).rstrip(":;,–- ")
