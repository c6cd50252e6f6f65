"""Recording: five minutes, hours and days from the facts that the journal holds anyway.

Nothing is sampled. A run that was missed, or ran twice, changes nothing: the same facts give the same rows.
"""
