# Fits of lavaan at tightened settings, and their values as lists for JSON.

TIGHT <- list(
  em.h1.iter.max = 100000, em.h1.tol = 1e-13, em.iter.max = 100000, em.fx.tol = 1e-14,
  em.dx.tol = 1e-9, optim.dx.tol = 1e-4, check.post = FALSE, check.vcov = FALSE
)

# The fit at the tightest tolerance at which nlminb reports convergence: below it, it stops for
# want of a lower value and lavaan gives no standard errors.
tightest <- function(arguments, fun) {
  for (tolerance in 10^-(15:10)) {
    control <- list(rel.tol = tolerance, iter.max = 10000, eval.max = 20000)
    fit <- suppressWarnings(do.call(fun, c(arguments, list(control = control))))
    if (!lavInspect(fit, "converged")) next
    measures <- suppressWarnings(fitMeasures(fit))
    if (is.finite(measures[["baseline.df"]]) || measures[["df"]] == 0) return(fit)
  }
  stop("no convergence")
}

numbers <- function(x) lapply(as.list(x), function(v) if (is.finite(v)) unname(v) else NA)

table_of <- function(fit) {
  est <- parameterEstimates(fit, remove.nonfree = FALSE, remove.system.eq = TRUE,
                            remove.eq = TRUE, remove.ineq = TRUE)
  std <- standardizedSolution(fit, type = "std.all")
  keep <- est$op %in% c("=~", "~", "~~", "~1")
  est <- est[keep, ]
  std <- std[std$op %in% c("=~", "~", "~~", "~1"), ]
  stopifnot(nrow(est) == nrow(std), all(est$lhs == std$lhs), all(est$rhs == std$rhs))
  data.frame(
    lhs = est$lhs, op = est$op, rhs = est$rhs,
    group = if (is.null(est$group)) 1 else est$group,
    level = if (is.null(est$level)) 1 else est$level,
    est = est$est, se = est$se, std = std$est.std, std_se = std$se
  )
}
