"""Addresses of the API."""

from django.urls import path

from slots.api import views

urlpatterns = [
    path("slot", views.SlotView.as_view(), name="api-slot"),
    path("activity", views.ActivityView.as_view(), name="api-activity"),
    path("config", views.ConfigView.as_view(), name="api-config"),
]
