"""The HTML that the galaxy's script fills: controls, the sky with its tools and messages, the panel, the legend."""

from __future__ import annotations

_HELP = (
    "Drag to turn (Shift and drag to move), click to open. The wheel zooms once the sky is clicked, or with Ctrl. "
    "Keys: / search, n next neighbor, p previous product, + and - zoom, h whole galaxy, f full screen, Esc close."
)
_TEMPLATE = f"""
<div class="galaxy" data-version="VERSION">
  <div class="galaxy-controls"></div>
  <div class="galaxy-stage">
    <div class="galaxy-holder">
      <div class="galaxy-view" role="img" aria-label="All products as points in space"></div>
      <div class="galaxy-photos" aria-hidden="true"></div>
      <div class="galaxy-names" aria-hidden="true"></div>
      <div class="galaxy-tools"></div>
      <div class="galaxy-tip" hidden></div>
      <div class="galaxy-messages">
        <p class="galaxy-hint" role="status"></p>
        <p class="galaxy-alert" role="alert"></p>
        <p class="galaxy-status" role="status"></p>
      </div>
    </div>
    <aside class="galaxy-panel" aria-label="Selection" hidden></aside>
  </div>
  <ul class="galaxy-legend legend"></ul>
  <p class="hint">{_HELP}</p>
</div>
"""


def template(version: str) -> str:
    """The HTML for a catalogue of this version, which is part of the addresses of its data."""
    return _TEMPLATE.replace("VERSION", version)
