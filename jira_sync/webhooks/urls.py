"""Addresses of webhooks."""

from django.urls import path

from jira_sync.webhooks import views

urlpatterns = [path("jira/<str:key>", views.receive, name="jira-webhook")]
