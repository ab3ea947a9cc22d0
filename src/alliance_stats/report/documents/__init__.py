"""Texts out of manuscripts: Word, Markdown, LaTeX, HTML and plain text, with places."""
