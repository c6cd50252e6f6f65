"""What slots tells the layers above. Rules never hang on these: the rows are the truth, a lost signal costs seconds."""

from django.dispatch import Signal

# Sent after commit with `slot_id` when a slot's membership in Jira should change.
slot_change_wanted = Signal()
