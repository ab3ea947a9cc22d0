"""Manuscripts with their bindings replaced: Markdown, LaTeX, Word."""
