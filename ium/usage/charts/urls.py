"""Addresses of the charts, below /admin/usage/."""

from django.urls import path

from ium.usage.charts import views

urlpatterns = [
    path("charts/", views.page_of(views.charts_page), name="usage-charts"),
    path("charts/<slug:name>.json", views.page_of(views.chart_data), name="usage-chart-data"),
    path("charts/<slug:name>.csv", views.page_of(views.chart_csv), name="usage-chart-csv"),
]
