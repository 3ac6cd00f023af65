"""Programs that prove, on one machine, what tests are too small for; run one with ``python -m tests.proofs.NAME``."""
