"""The Gradio theme: light and dark, one accent, system fonts, so that nothing is fetched."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import colors

from ui.components.figures import ACCENT

BACKGROUND, LIGHT_BACKGROUND = "#0b0d13", "#f4f6fa"

_ACCENTS = colors.Color(
    "#eef3ff", "#dfe8ff", "#c6d6ff", "#abc3ff", ACCENT, "#7899f0", "#6282d6", "#4d69b3", "#3b518a", "#2b3b64", "#1c2742"
)
_NEUTRALS = colors.Color(
    "#f2f4f8",
    "#e4e7ee",
    "#cbd1dd",
    "#abb4c5",
    "#8b95a9",
    "#6b7488",
    "#4b5366",
    "#2a3040",
    "#171b26",
    "#11141d",
    BACKGROUND,
)


def theme() -> gr.themes.Base:
    """Build the theme: light and dark, chosen by the visitor's system."""
    return gr.themes.Base(
        primary_hue=_ACCENTS,
        secondary_hue=_ACCENTS,
        neutral_hue=_NEUTRALS,
        font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
        radius_size=gr.themes.sizes.radius_lg,
    ).set(
        body_background_fill=LIGHT_BACKGROUND,
        body_background_fill_dark=BACKGROUND,
        body_text_color="*neutral_900",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_700",
        block_label_background_fill="white",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        input_background_fill="*neutral_50",
        input_background_fill_dark="*neutral_950",
        input_border_color="*neutral_200",
        input_placeholder_color="*neutral_500",
        button_primary_background_fill="*primary_800",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover="*primary_900",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="white",
        button_primary_text_color_dark="*neutral_950",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_text_color="*neutral_900",
        slider_color="*primary_700",
        slider_color_dark="*primary_400",
    )
