"""Shapes of what the API takes and gives."""

from typing import Any

from rest_framework import serializers

from slots.models import FirstAttempt


class SlotDocumentSerializer(serializers.Serializer[Any]):
    """The state document, the answer of every slot call."""

    pool = serializers.CharField(allow_null=True, help_text="Short name of the pool.")
    state = serializers.ChoiceField(
        choices=["none", "queued", "granting", "active", "revoking", "locked", "not_managed"]
    )
    reason = serializers.CharField(help_text="Why, for machines.")
    message = serializers.CharField(help_text="Why, for people.")
    position = serializers.IntegerField(allow_null=True, help_text="Place in the queue, from 1.")
    waiting = serializers.IntegerField(help_text="People waiting in this pool.")
    eta_seconds = serializers.ListField(
        child=serializers.IntegerField(),
        min_length=2,
        max_length=2,
        allow_null=True,
        help_text="Expected wait as [low, high]; null while it is not known.",
    )
    retry_after = serializers.FloatField(help_text="Ask again after so many seconds.")
    warned_at = serializers.DateTimeField(allow_null=True)
    revoke_at = serializers.DateTimeField(
        allow_null=True, help_text="When the slot is lost unless there is activity."
    )
    redirect_url = serializers.CharField(
        allow_null=True, help_text="The wanted page, once Jira lets the user in."
    )
    server_time = serializers.DateTimeField(
        help_text="Compare times with this one, not with the browser's clock."
    )
    automatic = serializers.BooleanField(
        help_text="Whether attempts start by themselves, without a click on Reconnect."
    )
    joined_at = serializers.DateTimeField(allow_null=True, help_text="When the wait began.")
    locked_until = serializers.DateTimeField(
        allow_null=True, help_text="In the state `locked`: from when on a slot can be had again."
    )
    wanted_url = serializers.CharField(
        allow_null=True,
        help_text="The wanted page, also while Jira does not let the user in: for a link to try by hand.",
    )


class SlotRequestSerializer(serializers.Serializer[Any]):
    """Ask for a slot."""

    pool = serializers.SlugField(
        required=False, help_text="Short name; the first pool if left out."
    )
    return_url = serializers.CharField(
        required=False, max_length=2000, help_text="Page to come back to, on the pool's site."
    )
    join = serializers.BooleanField(
        required=False,
        default=True,
        help_text="false: only go on with a wait that there is, as clients do while they poll. Who left the queue"
        " on another device is then not put back.",
    )


class PoolSerializer(serializers.Serializer[Any]):
    """Which pool is meant."""

    pool = serializers.SlugField(
        required=False, help_text="Short name; the first pool if left out."
    )


class ActivitySerializer(serializers.Serializer[Any]):
    """How long ago the user was last active: an age, because clocks differ."""

    idle_seconds = serializers.FloatField(min_value=0, max_value=7 * 24 * 3600)
    page = serializers.CharField(required=False, max_length=2000)
    pool = serializers.SlugField(
        required=False, help_text="Short name; the first pool if left out."
    )


def _patterns(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), help_text=help_text)


class ConfigPoolSerializer(serializers.Serializer[Any]):
    """What a client needs to know of one pool.

    A page of the site needs a slot when one of `needed_paths` fits its path, none of `free_paths` does, and it
    belongs to no project in `free_projects`.
    """

    key = serializers.CharField()
    name = serializers.CharField()
    product = serializers.CharField()
    site_url = serializers.CharField()
    first_attempt = serializers.ChoiceField(choices=FirstAttempt.choices)
    automatic_login = serializers.BooleanField(
        help_text="Whether attempts start by themselves after a removal during inactivity."
    )
    queue_timer_seconds = serializers.IntegerField()
    warning_seconds = serializers.IntegerField()
    extension_check = serializers.BooleanField()
    queue_message = serializers.CharField(help_text="The company's own message; may be empty.")
    needed_paths = _patterns("Regular expressions for paths that need a slot of this pool.")
    free_paths = _patterns("Regular expressions for paths that need none.")
    free_projects = _patterns("Keys of projects that need none. Empty while IUM has no API token.")


class ConfigTextsSerializer(serializers.Serializer[Any]):
    """Sentences for people, in the language asked for."""

    sign_in = serializers.CharField()
    outdated = serializers.CharField()
    server_away = serializers.CharField()


class SignInSerializer(serializers.Serializer[Any]):
    """Where the extension signs in (OAuth 2.0, authorization code with PKCE S256)."""

    authorization_endpoint = serializers.CharField()
    token_endpoint = serializers.CharField()
    revocation_endpoint = serializers.CharField()
    client_id = serializers.CharField()


class ConfigSerializer(serializers.Serializer[Any]):
    """What the extension needs: pools, pages that need no slot, how often to report, where the queue is."""

    sign_in = SignInSerializer()
    pools = ConfigPoolSerializer(many=True, help_text="Empty without sign-in.")
    free_paths = _patterns("Regular expressions for paths that need no slot in Jira.")
    free_project_types = _patterns("Jira's projectTypeKey of projects that need no slot.")
    project_paths = _patterns(
        "Regular expressions for paths that name a project; the first group is its key."
    )
    access_request_urls = _patterns("Beginnings of the addresses where people ask for access.")
    queue_url = serializers.CharField()
    install_url = serializers.CharField(help_text="Where people install the extension.")
    help_url = serializers.CharField(help_text="What people read when they need help.")
    activity_seconds = serializers.IntegerField(help_text="Report activity at most this often.")
    config_seconds = serializers.IntegerField(help_text="Ask for this document this often.")
    minimum_extension_version = serializers.CharField(
        help_text="Older ones ask for an update; empty: every version will do."
    )
    texts = ConfigTextsSerializer()
