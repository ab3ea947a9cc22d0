# Data of published meta-analyses, as R packages have them (metadat, clubSandwich, robumeta).
# Rscript export.R, in this folder. The sources of the data are named in the tests that read them.
suppressMessages({library(metafor); library(clubSandwich); library(robumeta)})

write <- function(data, name) {
  numbers <- sapply(data, is.numeric)
  data[numbers] <- lapply(data[numbers], signif, digits = 10)
  write.csv(data, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}

bcg <- dat.bcg
bcg$study <- paste(bcg$author, bcg$year)
write(bcg[c("study", "year", "tpos", "tneg", "cpos", "cneg", "ablat", "alloc")], "colditz1994")

expectancy <- dat.raudenbush1985
write(expectancy[c("study", "weeks", "yi", "vi")], "raudenbush1984")

adherence <- dat.molloy2014
adherence$study <- paste(adherence$authors, adherence$year)
write(adherence[c("study", "ni", "ri", "meanage")], "molloy2014")

dropout <- dropoutPrevention[1:17]
names(dropout) <- c("yi", "vi", "study", "sample", "design", "outcome", "evaluator",
                    "implementation", "site", names(dropout)[10:17])
dropout$design <- c("matched", "unmatched", "RCT")[dropout$design]
dropout$evaluator <- c("independent", "indirect", "planning", "delivery")[dropout$evaluator]
dropout$implementation <- c("low", "medium", "high")[dropout$implementation]
dropout$site <- c("community", "mixed", "classroom", "school")[dropout$site]
dropout$adjusted <- c("no", "yes")[dropout$adjusted]
write(dropout, "wilson2011")

implicit <- oswald2013.ex1
write(data.frame(study = match(implicit$Study, unique(implicit$Study)), yi = implicit$effect.size, vi = implicit$var.eff.size), "oswald2013")

interviews <- dat.mcdaniel1994
write(interviews[c("study", "ni", "ri")], "mcdaniel1994")
