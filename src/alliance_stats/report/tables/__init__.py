"""Tables of results in APA style: coefficients, frames, comparisons, syntheses."""
