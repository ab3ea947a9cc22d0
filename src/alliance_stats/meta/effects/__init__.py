"""Effect sizes of studies: from what papers print to values with sampling variances."""
