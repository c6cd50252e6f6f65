"""Break glass: every IUM user gets access through a chosen group, whatever it costs, until it is taken back.

    glass_preview(pool_id=pool.pk)          # how many people, how many licences Jira has left
    glass = glass_start(pool_id=pool.pk, group_id=group.pk, actor=request.user, at=clock.now())
    glass_end(glass_id=glass.pk, actor=request.user, at=clock.now())

Who was in the group before is written down before the first call and never taken out. `glass_continue` does a piece of
the work and may be called by anybody at any time; workers do it with `jira_sync.tasks.glass_run`.
"""

from jira_sync.glass.running import glass_continue
from jira_sync.glass.selectors import (
    GlassCounts,
    GlassPreview,
    glass_counts,
    glass_preview,
    glasses_left_alone,
    open_glass,
    suitable,
)
from jira_sync.glass.starting import glass_end, glass_start
from jira_sync.glass.waking import wake

__all__ = [
    "GlassCounts",
    "GlassPreview",
    "glass_continue",
    "glass_counts",
    "glass_end",
    "glass_preview",
    "glass_start",
    "glasses_left_alone",
    "open_glass",
    "suitable",
    "wake",
]
