"""Addresses of the queue page."""

from django.urls import path

from slots.queue_page import views

urlpatterns = [
    path("", views.QueueView.as_view(), name="queue"),
]
