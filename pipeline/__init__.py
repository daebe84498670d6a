"""The offline pipeline: real products in, a catalogue and a model bundle out. No Gradio in here."""
