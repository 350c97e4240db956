"""Several annotators: whose box is whose, what they agree on, and what a senior has to decide."""
