library(metafor)
options(digits = 10, contrasts = c("contr.treatment", "contr.poly"))
dat <- data.frame(
  yi = c(0.1892266425309288, 0.16343991846488676, 0.354092528962243, 0.33164710870513214,
    0.27686382265510007, 0.0, 0.1768200201217892, 0.05004172927849131, 0.2661084068736541,
    0.010000333353334718, -0.09024418785614684, 0.3884230997182962, 0.0, 0.15114043593646675,
    0.2447741126593529, 0.04002135383676828),
  vi = c(0.009433962264150943, 0.0013404825737265416, 0.019230769230769232, 0.009615384615384616,
    0.014492753623188406, 0.016129032258064516, 0.005847953216374269, 0.0030959752321981426,
    0.01818181818181818, 0.0013020833333333333, 0.018867924528301886, 0.011363636363636364,
    0.008849557522123894, 0.0018726591760299626, 0.0064516129032258064, 0.016129032258064516),
  study = c("Axelsson et al. 2009", "Axelsson et al. 2011", "Bruce et al. 2010",
    "Christensen et al. 1999", "Christensen & Smith 1995", "Cohen et al. 2004",
    "Dobbels et al. 2005", "Ediger et al. 2007", "Insel et al. 2006", "Jerant et al. 2011",
    "Moran et al. 1997", "O'Cleirigh et al. 2007", "Penedo et al. 2003", "Quine et al. 2012",
    "Stilley et al. 2004", "Wiebe & Christensen 1997"),
  check.names = FALSE)
fit <- rma(yi, vi, data = dat, slab = study, method = "REML",
  test = "knha", control = list(threshold = 1e-12, tol = 1e-12, maxiter = 1000))
print(fit, digits = 8)
confint(fit)
predict(fit)
found <- baujat(fit)
print(found, digits = 8)
