"""Addresses of the install page."""

from django.urls import path

from ium.extension_page import views

urlpatterns = [
    path("", views.InstallView.as_view(), name="extension"),
    path("state", views.StateView.as_view(), name="extension-state"),
    path("notice", views.NoticeView.as_view(), name="extension-notice"),
]
