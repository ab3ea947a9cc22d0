"""Pooling fits of multiply imputed data: rules on arrays, tests of several effects, the result."""
