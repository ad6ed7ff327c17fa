"""Requirement 2 [FIA 3.3.2, 4.2.2]: the one-off update of certificates in an S1SP's database."""
