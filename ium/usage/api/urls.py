"""Addresses of reports."""

from django.urls import path

from ium.usage.api import views

urlpatterns = [
    path("use", views.UseReport.as_view(), name="report-use"),
    path("waits", views.WaitReport.as_view(), name="report-waits"),
    path("sessions", views.SessionReport.as_view(), name="report-sessions"),
    path("coverage", views.CoverageReport.as_view(), name="report-coverage"),
]
