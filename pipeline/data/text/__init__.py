"""Texts of products: cleaned, for people and for the model, and joined to what the text tower reads."""

from pipeline.data.text.cleaning import clean_text, cut_text, shown_text
from pipeline.data.text.listing import (
    MAX_TITLE_CHARACTERS,
    NO_FIELDS,
    Fields,
    ListingText,
    listing_text,
    stored_listing,
)
from pipeline.data.text.placeholders import PLACEHOLDERS, SHEET_ERRORS

__all__ = [
    "MAX_TITLE_CHARACTERS",
    "NO_FIELDS",
    "PLACEHOLDERS",
    "SHEET_ERRORS",
    "Fields",
    "ListingText",
    "clean_text",
    "cut_text",
    "listing_text",
    "shown_text",
    "stored_listing",
]
