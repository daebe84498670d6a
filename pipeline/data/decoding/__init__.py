"""Decoding of untrusted photos within limits: the file is checked, then decoded by a worker that can be killed.

The entry point is `decode_photo`, which `pipeline.data.images` calls with the limits of the configuration.
"""

from pipeline.data.decoding.archives import PhotoArchive, open_zip
from pipeline.data.decoding.decode import FORMATS, ImageError
from pipeline.data.decoding.files import IrregularFileError, open_regular, read_photo_file
from pipeline.data.decoding.pool import DecodedPhoto, DecoderBusyError, PhotoDecoder, decode_photo

__all__ = [
    "FORMATS",
    "DecodedPhoto",
    "DecoderBusyError",
    "ImageError",
    "IrregularFileError",
    "PhotoArchive",
    "PhotoDecoder",
    "decode_photo",
    "open_regular",
    "open_zip",
    "read_photo_file",
]
