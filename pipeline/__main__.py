"""The command line: `python -m pipeline COMMAND`; `pipeline.cli.main` has the commands.

build            every stage, in order (the table of `pipeline.stages.runner`); what is complete is skipped
stage NAME       one stage of a run folder
classify         the category of one product
classify-file    the category of every product of a file
evaluate         figures of a model bundle on any products
evaluate-search  figures of a bundle's text search on judged queries
export-site      the galaxy of a catalogue as files for any web server
push             a published catalogue and its bundle, sent to the Hugging Face hub
"""

from __future__ import annotations

import sys

from pipeline import errors

if __name__ == "__main__":
    sys.excepthook = errors.excepthook  # what follows takes seconds to import, in which it may be interrupted

from pipeline.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
