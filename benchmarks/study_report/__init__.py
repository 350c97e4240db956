"""The report of a reader study: tables, figures, pictures, and a checklist, on one page that needs nothing else."""
