"""Agreement of raters and methods: kappas, alpha, AC, limits of agreement, within groups."""
