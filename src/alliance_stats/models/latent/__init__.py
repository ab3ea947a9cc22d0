"""Within and between effects with latent means."""
