"""The queue page."""

from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import TemplateView


class QueueView(LoginRequiredMixin, TemplateView):
    """State, Reconnect, timer, and the way back to Jira."""

    template_name = "slots/queue.html"
