"""Limits of the Space: bytes, characters, calls and seconds. docs and SECURITY.md list them."""

from __future__ import annotations

from pipeline.config.stages import IngestConfig

MAX_FILE = 200_000_000
"""Bytes of an uploaded file: a catalogue, or a zip of its photos."""
MAX_PHOTO = IngestConfig().max_image_bytes
"""Bytes of a photo."""
MAX_UPLOAD = MAX_FILE + 100_000
"""Bytes of an upload's request: the file, and the lines around it."""
MAX_MCP = 4 * 1024 * 1024
"""Bytes of a request to the MCP server, by the MCP library."""
MAX_MCP_PHOTO = 3_000_000
"""Bytes of a photo whose data URI, 4/3 of its size, fits into such a request."""
MAX_CALL = 1_000_000
"""Bytes of any other request: texts and the paths of uploads."""

MAX_CHARACTERS = 200_000
"""Characters of all texts of a call together; the limits of the handlers are smaller."""
MAX_ITEMS = 5_000
"""Values of a call, including those in lists and dictionaries."""
MAX_DEPTH = 12
"""Nesting of lists and dictionaries."""

SECONDS_KEPT = 3_600
"""Age at which an upload is deleted."""
SECONDS_UNFINISHED = 600
"""Age at which an unfinished upload is deleted."""
MAX_UPLOADS = 4_000_000_000
"""Bytes of all uploads together, and of what is made of them; the oldest are deleted first."""
UPLOADS_AT_ONCE = 16
"""Uploads at the same time."""
LARGE_UPLOADS_AT_ONCE = 4
"""Those of them with more bytes than a photo, or that do not say how many."""

MAX_ROWS = 20_000
"""Products of a file that is classified in the Space."""
MAX_JSON = 32_000_000
"""Bytes of a JSON file, which stays in memory; JSON Lines do not."""
MAX_JOBS = 24
"""Files that are remembered; the one that nobody has looked at for longest goes first."""
MAX_JOBS_AT_WORK = 8
"""Files that are being classified: a batch of each in turn."""
SECONDS_UNWATCHED = 600
"""Time after which a file is classified no further if its page is closed; what is done stays."""
MAX_ROWS_OF_A_CALL = 256
"""Rows that a call of `classify_file` answers."""
MAX_READINGS = 6
"""Files that programs read a part at a time which stay open; of the next one, the file unread for longest is closed."""

MAX_REVIEWS = 16
"""Reviews of visitors that are open, some MB each; the one that nobody has looked at for longest goes first."""
MAX_CARDS = 16
"""Products that a call of `review_next` answers."""

MAX_SESSIONS = 200
"""Sessions kept in memory, 0.3 MB each; a dropped session starts again."""
MAX_CALLERS = 1_000
"""Sessions whose answers the queue keeps until they are read: far more than can wait or run."""
MAX_CONNECTIONS = 500
"""Connections and running requests at the same time; further ones get status 503."""
SECONDS_FOR_HEADERS = 15.0
"""Time for a request's headers, from the start of the connection or the previous response."""
SECONDS_FOR_A_CHUNK = 30.0
"""Time for the next part of a request's body."""
SECONDS_FOR_A_DECODER = 30.0
"""Time that a photo may wait for a worker to decode it."""
CALLS_PER_MINUTE = 300
"""Calls from one address; local calls are not counted."""
