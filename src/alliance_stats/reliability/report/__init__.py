"""reliability_report: every reliability of a questionnaire's scores over sessions in one table."""
