"""A company's logo and colours, as files of their own: the page's policy allows nothing else.

Whoever finds the address may see them, as the sign-in page will; they are on every browser's screen anyway.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from slots.models import QueueBranding
from slots.queue_page.colours import is_colour
from slots.queue_page.look import logo_bytes, style_sheet

# The address changes with the content.
FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def logo(_request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """Answer with the picture, as the kind that was found when it was uploaded, and as nothing else."""
    branding = QueueBranding.objects.filter(pk=pk, logo_digest=digest).exclude(logo="").first()
    if branding is None:
        raise Http404
    response = HttpResponse(logo_bytes(branding.logo), content_type=branding.logo_type)
    response["Cache-Control"] = FOR_EVER
    response["Content-Disposition"] = "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@require_safe
def style(_request: HttpRequest, light: str, dark: str) -> HttpResponse:
    """Answer with the colours. They come from the address alone: nothing is asked of the database."""
    if not (is_colour(f"#{light}") and is_colour(f"#{dark}")):
        raise Http404
    response = HttpResponse(style_sheet(f"#{light}", f"#{dark}"), content_type="text/css")
    response["Cache-Control"] = FOR_EVER
    return response
