"""How much the Space takes: bytes, characters, calls and seconds. docs and SECURITY.md name them."""

from __future__ import annotations

from pipeline.config.stages import IngestConfig

MAX_FILE = IngestConfig().max_image_bytes
"""Bytes of an uploaded file."""
MAX_UPLOAD = MAX_FILE + 100_000
"""Bytes of an upload's request: the file, and the lines around it."""
MAX_MCP = 4 * 1024 * 1024
"""Bytes of a request to the MCP server, by the MCP library."""
MAX_MCP_PHOTO = 3_000_000
"""Bytes of a photo that fits into it as a data URI, which takes 4/3 of its bytes."""
MAX_CALL = 1_000_000
"""Bytes of any other request: texts and the paths of uploads."""

MAX_CHARACTERS = 200_000
"""Characters of all texts of a call together; the handlers' own limits are smaller."""
MAX_ITEMS = 5_000
"""Values of a call, those within lists and dictionaries too."""
MAX_DEPTH = 12
"""Lists and dictionaries within one another."""

SECONDS_KEPT = 3_600
"""Age at which an upload is deleted."""
SECONDS_UNFINISHED = 600
"""Age at which an upload is deleted that never ended."""
MAX_UPLOADS = 1_000_000_000
"""Bytes of all uploads together; the oldest go first."""
UPLOADS_AT_ONCE = 16
"""Uploads that are received at the same time."""

MAX_SESSIONS = 200
"""Sessions that are remembered, 0.3 MB each; one that is forgotten starts anew."""
MAX_CALLERS = 1_000
"""Sessions whose answers the queue keeps until they are read: far more than calls that can wait or run."""
MAX_CONNECTIONS = 500
"""Connections and running requests at a time; further ones are answered 503."""
SECONDS_FOR_HEADERS = 15.0
"""Time for a request's headers, from the opening of the connection or the answer before."""
SECONDS_FOR_A_CHUNK = 30.0
"""Time for the next part of a request's body."""
SECONDS_FOR_A_DECODER = 30.0
"""Time that a photo waits for a worker to decode it."""
CALLS_PER_MINUTE = 300
"""Calls of one address; none are counted on the machine itself."""
