"""Addresses of signing in and out."""

from django.urls import path

from ium.sign_in import device_pages, oauth, pages, providers

urlpatterns = [
    path("sign-in/", pages.SignInView.as_view(), name="sign-in"),
    path("sign-in/with/<slug:key>/", providers.StartView.as_view(), name="sign-in-start"),
    path("sign-in/with/<slug:key>/back/", providers.CallbackView.as_view(), name="sign-in-back"),
    path("sign-out/", pages.SignOutView.as_view(), name="sign-out"),
    path("devices/", device_pages.DevicesView.as_view(), name="devices"),
    path("oauth/authorize", oauth.AuthorizeView.as_view(), name="extension-authorize"),
    path("oauth/token", oauth.TokenView.as_view(), name="extension-token"),
    path("oauth/revoke", oauth.RevokeView.as_view(), name="extension-revoke"),
]
