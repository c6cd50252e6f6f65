"""What an administrator may make of the queue page, and what IUM says about it."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from ium.lib.errors import BadInput
from slots.models import LogoType, QueueBranding
from slots.queue_page.colours import dark_shades, is_colour, light_shades
from slots.queue_page.look import corrected, digest_of, logo_text
from slots.queue_page.markdown import LONGEST, is_safe_link
from slots.queue_page.pictures import LARGEST_BYTES, Picture, checked_picture

LONGEST_TITLE = 80
_MORE_THAN_ALLOWED = LARGEST_BYTES + 1
CODES = [code for code, _name in settings.LANGUAGES]
HELP_TEXTS = {
    "help_url": gettext_lazy(
        "Where people who wait find help: an address with https:// or http://, or mailto: and an e-mail address."
    ),
    "colour": gettext_lazy(
        "Your company's colour as #rrggbb, for buttons, links and progress. Empty: IUM's blue. Where text in it could"
        " not be read a darker shade is used, and IUM says so."
    ),
    "dark_colour": gettext_lazy(
        "For people whose system is dark. Empty: the same colour, lighter where it must be."
    ),
}

if TYPE_CHECKING:
    BrandingModelForm: TypeAlias = forms.ModelForm[QueueBranding]
else:
    BrandingModelForm = forms.ModelForm


def field_name(text: str, code: str) -> str:
    """Return the form's name for a text ("title" or "message") in one language."""
    return f"{text}_{code.replace('-', '_')}"


def language_name(code: str) -> str:
    """Return what a language calls itself."""
    return str(get_language_info(code[:2])["name_local"]).capitalize()


def _text_fields() -> dict[str, forms.CharField]:
    """Return a title and a message for every language of the settings."""
    fields: dict[str, forms.CharField] = {}
    for code in CODES:
        fields[field_name("title", code)] = forms.CharField(
            label=gettext_lazy("Title"),
            max_length=LONGEST_TITLE,
            required=False,
            widget=UnfoldAdminTextInputWidget(attrs={"lang": code[:2]}),
            help_text=gettext_lazy("In place of “IUM”, above the queue and in the browser's tab."),
        )
        fields[field_name("message", code)] = forms.CharField(
            label=gettext_lazy("Message"),
            max_length=LONGEST,
            required=False,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "lang": code[:2]}),
            help_text=gettext_lazy(
                "Markdown: **bold**, *italic*, lists, [links](https://example.com). No HTML, no pictures."
            ),
        )
    return fields


# Django's forms take declared fields from the class only.
_TextForm: Any = type("_TextForm", (BrandingModelForm,), _text_fields())


class QueueBrandingForm(_TextForm):  # type: ignore[misc] # made of the languages in the settings
    """The look of one queue page. Texts are fields here and one column in the database."""

    logo_file = forms.FileField(
        label=gettext_lazy("New logo"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(LogoType.values)}),
        help_text=gettext_lazy(
            "PNG, JPEG or WebP, at most 256 KiB; shown at most 48 pixels high."
            " An SVG can carry programs and is refused."
        ),
    )
    logo_remove = forms.BooleanField(
        label=gettext_lazy("Remove the logo"), required=False, widget=UnfoldBooleanSwitchWidget()
    )

    class Meta:
        model = QueueBranding
        fields = ["pool", *HELP_TEXTS]
        help_texts = HELP_TEXTS

    instance: QueueBranding
    cleaned_data: dict[str, Any]
    picture: Picture | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put the stored texts into their fields."""
        super().__init__(*args, **kwargs)
        for code in CODES:
            for text in ("title", "message"):
                stored = self.instance.texts.get(code, {}).get(text, "")
                self.initial.setdefault(field_name(text, code), stored)
        for name in ("colour", "dark_colour"):
            if name in self.fields:
                self.fields[name].widget.attrs["placeholder"] = "#0b5fcc"

    def clean_help_url(self) -> str:
        """Take only addresses that a link may lead to."""
        address = str(self.cleaned_data["help_url"]).strip()
        if address and not is_safe_link(address):
            raise ValidationError(
                _("Enter a whole address: https://…, http://… or mailto:help@example.com.")
            )
        return address

    def clean_colour(self) -> str:
        """Take #rrggbb only."""
        return _colour(self.cleaned_data["colour"])

    def clean_dark_colour(self) -> str:
        """Take #rrggbb only."""
        return _colour(self.cleaned_data["dark_colour"])

    def clean_logo_file(self) -> Any:
        """Look at the picture itself, whatever its name says. Not more of it is read than is allowed."""
        file = self.cleaned_data["logo_file"]
        if file:
            try:
                self.picture = checked_picture(file.read(_MORE_THAN_ALLOWED))
            except BadInput as error:
                raise ValidationError(str(error.message)) from error
        return file

    def clean(self) -> dict[str, Any]:
        """Check what one field alone does not tell."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("dark_colour") and not data.get("colour") and "colour" not in self.errors:
            self.add_error("colour", _("Choose the colour for light first."))
        if (
            data.get("pool") is None
            and "pool" in data
            and self._others().filter(pool=None).exists()
        ):
            self.add_error("pool", _("There is a look for all pools already. Change that one."))
        return data

    def _others(self) -> Any:
        return QueueBranding.objects.exclude(pk=self.instance.pk)

    def _post_clean(self) -> None:
        """Put texts and logo into the row before it is checked and saved."""
        super()._post_clean()
        self.instance.texts = self._texts()
        if self.picture is not None:
            self.instance.logo = logo_text(self.picture.data)
            self.instance.logo_type = self.picture.kind
            self.instance.logo_digest = digest_of(self.picture.data)
        elif self.cleaned_data.get("logo_remove"):
            self.instance.logo = self.instance.logo_type = self.instance.logo_digest = ""

    def _texts(self) -> dict[str, dict[str, str]]:
        """Return what was written, by language; nothing is stored for nothing."""
        found = {
            code: {
                text: value
                for text in ("title", "message")
                if (value := str(self.cleaned_data.get(field_name(text, code), "")).strip())
            }
            for code in CODES
        }
        # A language that IUM does not know (any more) keeps its texts.
        others = {code: texts for code, texts in self.instance.texts.items() if code not in CODES}
        return others | {code: texts for code, texts in found.items() if texts}

    def notices(self) -> list[str]:
        """Return what an administrator should know about these colours. Only for a form without errors."""
        colour = self.instance.colour
        if not colour:
            return []
        dark = self.instance.dark_colour or colour
        used = {
            _("light pages"): (colour, corrected(colour, light_shades(colour))),
            _("dark pages"): (dark, corrected(dark, dark_shades(dark))),
        }
        text = _("On %(where)s text in %(colour)s could not be read well; %(used)s is used there.")
        return [
            text % {"where": where, "colour": chosen, "used": shade}
            for where, (chosen, shade) in used.items()
            if shade
        ]


def _colour(text: str) -> str:
    colour = text.strip().lower()
    if colour and not is_colour(colour):
        raise ValidationError(_("Enter a colour as # and six digits or letters, like #0b5fcc."))
    return colour
