"""What notes of a result say of its method, without what belongs to results or to the analyst."""

from __future__ import annotations

import re

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.words import one_line

#: A sentence that speaks of calls and their arguments is for the analyst, not for a paper.
_OF_CODE = re.compile(
    r"(?!log\(|exp\(|sqrt\()\b[A-Za-z_]\w*\(|\w=\S|\bresult\.|\bfit_\w+|\baggregate_\w+|see fit_"
)
#: What numbers of the results say belongs there, and so does advice on how to read them.
_OF_RESULTS = re.compile(
    r"^(?:Fit:|Bias in simulated|Biased|Lagged effects equal|Only \d|Few patients: |\d+ effects? "
    r"lie|R² (?:within|between) |Likelihood-ratio test |[LRQ]0 estimates|With [\d,]+ studies? "
    r"without|The excesses vary|Where that is near|Overlap of the|Factor model: |"
    r"Loadings equal within|"
    r"Variances or correlations of the paths|[\d,]+ of [\d,]+ ratings of )"
)
_ADVICE = re.compile(
    r"^(?:Look at what|Give all of them|Methods disagree|A lopsided funnel|An excess of|Give |"
    r"Kenward–Roger tests|A weight cannot fall|It adds effects also|Raw counts grow|"
    r"Fail-safe numbers take|Shares of specifications describe|A difference may come)"
)
#: What `estimation_sentence` says better.
_OF_ESTIMATION = re.compile(r"^(?:τ² is estimated by|Coefficients have .*tests)")
#: The estimate that a sentence on the method carries along.
_ESTIMATE = re.compile(r"\(ρ = -?[\d.−]+ from")
_RULED = re.compile(r"; p [=<>] [\d.]+ is (?:not )?below it, so (?:PET|PEESE) is used")
_LIKELIHOOD = re.compile(r"; (?:RE)?ML\.$")
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]’'][.])\s+(?=[A-ZÀ-ÞΑ-Ωτ\d])")


def sentences_of(text: object) -> list[str]:
    """The sentences of a note or a message."""
    return _SENTENCE_END.split(one_line(text))


def of_analyst(sentence: str) -> bool:
    """Whether a sentence speaks of calls, or advises whoever reads the output."""
    return bool(_OF_CODE.search(sentence) or _ADVICE.search(sentence))


def of_results(sentence: str) -> bool:
    """Whether a sentence says what was found."""
    return bool(_OF_RESULTS.search(sentence))


def stated(view: ResultView) -> list[str]:
    """The notes of a result, sentence by sentence, as far as they speak of the method."""
    said = [sentence for note in view.notes for sentence in sentences_of(note)]
    tests = one_line(view.labels.get("test_words", ""))
    return [
        _trimmed(sentence)
        for sentence in said
        if not of_analyst(sentence)
        and not of_results(sentence)
        and not _OF_ESTIMATION.search(sentence)
        and not (tests and view.kind == "meta_multilevel" and sentence.startswith(tests))
    ]


def _trimmed(sentence: str) -> str:
    """A sentence with its point, without what the data decided."""
    ended = sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
    return _LIKELIHOOD.sub(".", _RULED.sub("", _ESTIMATE.sub("(from", ended)))
