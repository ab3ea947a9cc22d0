library(metafor)
library(clubSandwich)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv("assink2016.csv", check.names = FALSE, encoding = "UTF-8",
  stringsAsFactors = FALSE)
d <- d[complete.cases(d[c("yi", "vi", "year")]), ]
V <- vcalc(vi, cluster = study, obs = seq_along(vi), rho = 0.6, data = d)
fit <- rma.mv(yi, V, mods = ~ year, random = list(~ 1 | study/esid),
  data = d, method = "REML",
  control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 1000))
print(fit, digits = 10)
print.data.frame(coef_test(fit, vcov = "CR2", cluster = d$study, test = "Satterthwaite"), digits = 10)
