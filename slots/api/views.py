"""The five calls. Rules are in services; here is only HTTP."""

import math
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from activity.models import Source
from ium.directory.models import Device, User
from ium.lib import clock
from ium.lib.errors import BadInput, NotEntitled
from slots import services
from slots.api.config import config_document, config_response
from slots.api.problems import ProblemSerializer
from slots.api.serializers import (
    ActivitySerializer,
    ConfigSerializer,
    PoolSerializer,
    SlotDocumentSerializer,
    SlotRequestSerializer,
)
from slots.api.shape import in_json
from slots.document import slot_document
from slots.live import snapshots
from slots.models import LicencePool
from slots.selectors import pool_by_key, pool_for

_PROBLEM = OpenApiResponse(ProblemSerializer, description="A problem document (RFC 9457).")
_REFUSED = dict.fromkeys((400, 401, 403, 405, 406, 413, 414, 415, 429, 503), _PROBLEM)
_ANSWERS = {200: SlotDocumentSerializer, 404: _PROBLEM, **_REFUSED}


def checked(serializer: type[Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return the validated input. Raises DRF's ValidationError, which becomes a problem document."""
    checking = serializer(data=data)
    checking.is_valid(raise_exception=True)
    return dict(checking.validated_data)


def person(request: Request) -> User:
    """Return who calls: only ever from the session or the token (promise 9)."""
    assert isinstance(request.user, User)  # noqa: S101 - IsAuthenticated is the default permission
    return request.user


def state_of(user: User, pool: LicencePool) -> Response:
    """Answer with the person's state document, which is news to what this process remembers."""
    snapshots.touch(user.pk)
    response = Response(in_json(slot_document(user=user, pool=pool, at=clock.now())))
    response["Cache-Control"] = "no-store"
    return response


class SlotView(APIView):
    """My slot."""

    throttle_name = "slot"

    @extend_schema(parameters=[PoolSerializer], responses=_ANSWERS, operation_id="slot_state")
    def get(self, request: Request) -> Response:
        """Tell my state; asks for nothing."""
        pool = pool_by_key(checked(PoolSerializer, request.query_params).get("pool"))
        return state_of(person(request), pool)

    @extend_schema(request=SlotRequestSerializer, responses=_ANSWERS, operation_id="slot_reconnect")
    def post(self, request: Request) -> Response:
        """Ask for a slot, or join and poll the queue. Idempotent; with `"join": false` only poll."""
        wanted = checked(SlotRequestSerializer, request.data)
        pool = pool_for(key=wanted.get("pool"), page=wanted.get("return_url"))
        with suppress(NotEntitled):  # a state, not an error: the document says why
            services.slot_request(
                user=person(request),
                pool=pool,
                return_url=wanted.get("return_url"),
                join=wanted["join"],
                at=clock.now(),
            )
        return state_of(person(request), pool)

    @extend_schema(parameters=[PoolSerializer], responses=_ANSWERS, operation_id="slot_hand_back")
    def delete(self, request: Request) -> Response:
        """Hand my slot back, or leave the queue."""
        pool = pool_by_key(checked(PoolSerializer, request.query_params).get("pool"))
        services.slot_release(user=person(request), pool=pool, at=clock.now())
        return state_of(person(request), pool)


class ActivityView(APIView):
    """My activity."""

    throttle_name = "activity"

    @extend_schema(request=ActivitySerializer, responses=_ANSWERS, operation_id="activity_report")
    def post(self, request: Request) -> Response:
        """Report that I was active so many seconds ago; answers with my state."""
        report = checked(ActivitySerializer, request.data)
        if not math.isfinite(report["idle_seconds"]):
            raise BadInput("idle_seconds must be a finite number.")
        pool = pool_for(key=report.get("pool"), page=report.get("page"))
        source = Source.EXTENSION if isinstance(request.auth, Device) else Source.QUEUE_PAGE
        services.slot_activity(
            user=person(request),
            pool=pool,
            idle=timedelta(seconds=report["idle_seconds"]),
            source=source,
            at=clock.now(),
        )
        return state_of(person(request), pool)


class ConfigView(APIView):
    """What clients need to know."""

    throttle_name = "config"
    permission_classes = (AllowAny,)

    @extend_schema(
        responses={
            200: ConfigSerializer,
            304: OpenApiResponse(description="The client has it already (If-None-Match)."),
            **_REFUSED,
        },
        operation_id="config",
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Tell pools, pages that need no slot, addresses and intervals; without sign-in no pools."""
        user = request.user if isinstance(request.user, User) else None
        return config_response(request._request, config_document(user))
