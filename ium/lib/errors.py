"""Refusals: what IUM says when it will not do something."""

from django.utils.functional import Promise


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A rule says no. `code` is for machines, `message` tells a person what to do, `status` is HTTP's."""

    code = "refused"
    status = 409

    def __init__(self, message: str | Promise, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class NotEntitled(Refused):
    """This person cannot have a slot (now): not an error, the state document says why."""

    code = "not_entitled"


class NotFound(Refused):
    """The thing asked for does not exist, or is not visible to the caller."""

    code = "not_found"
    status = 404


class BadInput(Refused):
    """The caller sent something that cannot be right."""

    code = "bad_input"
    status = 400


class Busy(Refused):
    """Somebody else holds the lock; the same call works in a moment."""

    code = "busy"
    status = 503
