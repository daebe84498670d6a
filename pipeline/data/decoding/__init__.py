"""A stranger's photo to pixels, within limits: counted first, then decoded by a worker that can be ended.

`decode_photo` is the one way in, for `ingest`, the command line and the Space.
"""

from pipeline.data.decoding.decode import FORMATS, ImageError
from pipeline.data.decoding.files import IrregularFileError, open_regular, read_photo_file
from pipeline.data.decoding.pool import DecodedPhoto, DecoderBusyError, PhotoDecoder, decode_photo

__all__ = [
    "FORMATS",
    "DecodedPhoto",
    "DecoderBusyError",
    "ImageError",
    "IrregularFileError",
    "PhotoDecoder",
    "decode_photo",
    "open_regular",
    "read_photo_file",
]
