"""Numbers, symbols and words as sentences, tables and figures share them."""
