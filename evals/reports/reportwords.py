"""The few words that reports add to their document."""

from evals.domain.reportdocuments import ReportStatus

STATUS_WORDS = {
    ReportStatus.EVALUATED: "Evaluated, nothing proposed",
    ReportStatus.PROPOSED: "Proposed, not decided",
    ReportStatus.GO: "Decided: GO",
    ReportStatus.NO_GO: "Decided: NO-GO",
    ReportStatus.DEFER: "Decided: DEFER",
}
