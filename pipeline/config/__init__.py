"""The configuration of a build: frozen dataclasses that check themselves, and presets that return whole ones."""
