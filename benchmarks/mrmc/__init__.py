"""Several readers of the same cases: their figures of merit, compared as samples of readers and of cases.

Pure statistics on tables; where the ratings came from is no concern of these modules.
"""
