"""One effect size a study: equal-effects and random-effects models, with and without moderators."""
