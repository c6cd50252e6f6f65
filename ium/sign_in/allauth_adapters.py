"""IUM's choices for django-allauth: providers from the settings, everything checked, nobody created, nothing kept."""

from typing import Any

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.atlassian.views import AtlassianOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse

from ium.sign_in.configuration import Provider, is_safe

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
# Only keys of two halves: with a shared key everybody who can check could also sign (RFC 8725, 2.1).
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}

CLOCKS_DIFFER_SECONDS = 60


def provider_of(key: str) -> Provider:
    """Return the provider with this key. Raises Http404."""
    for provider in settings.IUM_SIGN_IN:
        if provider.key == key:
            found: Provider = provider
            return found
    raise Http404("There is no such sign-in.")


def callback_url(key: str) -> str:
    """Return the address that the provider has to know; it does not depend on what the browser calls IUM."""
    return f"{settings.IUM_URL}{reverse('sign-in-back', args=[key])}"


def _app(provider: Provider) -> SocialApp:
    """Return the provider in allauth's form; never saved."""
    options: dict[str, Any] = {"oauth_pkce_enabled": True}
    if provider.kind == "openid":
        options |= {"server_url": provider.issuer}
        options |= {"auth_params": {"prompt": provider.prompt}} if provider.prompt else {}
    return SocialApp(
        provider="openid_connect" if provider.kind == "openid" else "atlassian",
        provider_id=provider.key,
        name=provider.name,
        client_id=provider.client_id,
        secret=provider.secret,
        settings=options,
    )


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Named in the settings (SOCIALACCOUNT_ADAPTER)."""

    def list_apps(
        self, request: HttpRequest, provider: Any = None, client_id: Any = None
    ) -> list[SocialApp]:
        """Return the providers of the settings; there are none in the database."""
        apps = [_app(each) for each in settings.IUM_SIGN_IN]
        return [app for app in apps if provider in {None, app.provider, app.provider_id}]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody becomes a person of IUM by signing in: people come from Jira."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let the person in, or tell them why not. Raises ImmediateHttpResponse in both cases."""
        from ium.sign_in.providers import welcome

        key = str(sociallogin.account.provider)
        told = sociallogin.account.extra_data
        raise ImmediateHttpResponse(welcome(request, key, told, sociallogin.state.get("next")))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **trouble: Any) -> None:
        """Show IUM's own page. Raises ImmediateHttpResponse."""
        from ium.sign_in.providers import trouble_page

        raise ImmediateHttpResponse(
            trouble_page(request, trouble.get("error"), trouble.get("exception"))
        )


class OpenIdAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc] # allauth ships no types
    """OpenID Connect with the checks that allauth leaves to TLS."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the discovery document. Raises OAuth2Error when it is not the configured issuer's own."""
        config: Any = super().openid_config
        issuer = provider_of(self.provider_id).issuer
        if not isinstance(config, dict) or config.get("issuer") != issuer:  # Discovery 1.0, 4.3
            raise OAuth2Error(f"the issuer names itself differently, not {issuer}")
        unsafe = [name for name in ENDPOINTS if not is_safe(str(config.get(name, "")))]
        if unsafe:
            raise OAuth2Error(f"no https address for {', '.join(unsafe)}")
        return dict(config)

    def get_provider(self) -> Any:
        """Return allauth's provider, which shall use this class too."""
        provider = super().get_provider()
        provider.oauth2_adapter_class = type(self)
        return provider

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where the provider sends people back to."""
        return callback_url(self.provider_id)

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any
    ) -> Any:
        """Return what the provider said, if both of its documents are about the same person (Core 1.0, 5.3.2)."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no id_token")
        login = super().complete_login(request, app, token, **kwargs)
        told = login.account.extra_data
        if told["userinfo"].get("sub") != told["id_token"].get("sub"):
            raise OAuth2Error("id_token and userinfo are about different people")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """Check signature, issuer, audience and time (Core 1.0, 3.1.3.7). Raises OAuth2Error."""
        try:
            header = jwt.get_unverified_header(id_token)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key(header),
                algorithms=[header["alg"]],
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER_SECONDS,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"the id_token is wrong ({type(error).__name__})") from error
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("the id_token was made for another client")
        return claims

    def _key(self, header: dict[str, Any]) -> Any:
        """Return the published key that a token names; it need not name one when there is only one."""
        if header.get("alg") not in ALGORITHMS:
            raise OAuth2Error("the id_token is not signed as it should be")
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = [key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if _signs(key)]
        named = [key for key in keys if header.get("kid") in {None, key.key_id}]
        if len(named) != 1:
            raise OAuth2Error("the id_token is not signed with one of the provider's keys")
        return named[0].key


def _signs(key: jwt.PyJWK) -> bool:
    return key.public_key_use in {None, "sig"}


class AtlassianAdapter(AtlassianOAuth2Adapter):  # type: ignore[misc] # allauth ships no types
    """Atlassian's account, or the simulated one: the addresses come from the settings."""

    @property
    def authorize_url(self) -> str:
        """Where people say yes."""
        return provider_of(self.provider_id).authorize_url

    @property
    def access_token_url(self) -> str:
        """Where the code becomes a token."""
        return provider_of(self.provider_id).token_url

    @property
    def profile_url(self) -> str:
        """Where the account id comes from."""
        return provider_of(self.provider_id).profile_url

    def get_provider(self) -> Any:
        """Return allauth's provider, which shall use this class too."""
        provider = super().get_provider()
        provider.oauth2_adapter_class = type(self)
        return provider

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where Atlassian sends people back to."""
        return callback_url(self.provider_id)
