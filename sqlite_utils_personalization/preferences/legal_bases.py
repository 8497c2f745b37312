"""On what ground a customer is erased."""

# The grounds of GDPR article 17(1), a to e, as 289 has them.
LEGAL_BASES = (
    "no_longer_necessary",
    "consent_withdrawn",
    "objection",
    "unlawful_processing",
    "legal_obligation",
)
