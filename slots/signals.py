"""What slots tells the layers above. Rules never hang on these: the rows are the truth, a lost signal costs seconds."""

from django.dispatch import Signal

# Sent after commit with `slot_ids` (a tuple) when the membership behind these slots should change in Jira.
slot_change_wanted = Signal()
