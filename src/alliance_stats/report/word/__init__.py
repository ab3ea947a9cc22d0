"""Word files: text, tables and reports, with python-docx, which is loaded when one is written."""
