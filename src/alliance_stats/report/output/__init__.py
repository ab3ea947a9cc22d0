"""Reports and figures as files: what they hold, pages, HTML, Markdown."""
