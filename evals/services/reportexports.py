"""Reports on their way out: made from the document, and sealed with the instance's key."""

from evals.domain.reportdocuments import ReportDocument, to_mapping
from evals.domain.seals import ReportFormat, digest, sealed
from evals.reports.reportfiles import report_bytes
from evals.services.signing import instance_key


def sealed_report(document: ReportDocument, kind: ReportFormat) -> bytes:
    """Return a report as a file of that kind, with the seal that `viability report verify` reads.

    Raises:
        UnreadableSecretError: If the instance's signing key cannot be opened.
    """
    _, key = instance_key()
    record = digest(to_mapping(document))
    return sealed(report_bytes(document, kind), kind, record_sha256=record, key=key)
