"""Jobs that talk to Jira. They run on their own queue; every one may run twice."""

from celery import shared_task


@shared_task(ignore_result=True)
def carry_out(slot_id: int) -> None:
    """Carry out what one slot wants."""
