"""Writes small picture files of many kinds and the pixels that Pillow gives for them.

pictures/NAME.png, pictures/NAME.jpg: one picture, 19 x 13, smooth with a corner and a line in it.
pictures/expected.npz: NAME: uint8 [13, 19] of grey files, [13, 19, 3] of the others (`convert("RGB")`).
"""
import io
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageCms

HERE = pathlib.Path(__file__).parent / "pictures"
WIDTH, HEIGHT = 19, 13


def picture():
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    red = 128 + 100 * numpy.sin(x / 3.0)
    green = 128 + 90 * numpy.cos(y / 2.5)
    blue = (x * y * 2) % 256
    pixels = numpy.stack([red, green, blue], -1)
    pixels[:4, :4] = [250, 20, 5]
    pixels[9, :] = [3, 3, 250]
    return numpy.clip(pixels, 0, 255).astype(numpy.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(png, *chunks):
    """The chunks put behind IHDR."""
    return png[:33] + b"".join(chunk(kind, data) for kind, data in chunks) + png[33:]


def save(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def sixteen_bit(pixels):
    """The upper bytes are the pixels, the lower ones would round most of them up."""
    channels = 1 if pixels.ndim == 2 else 3
    rows = (pixels.astype(">u2") << 8 | 0xF0).astype(">u2").reshape(HEIGHT, -1)
    data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 0 if channels == 1 else 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def files():
    pixels = picture()
    colour = Image.fromarray(pixels)
    grey = Image.fromarray(pixels[..., 0])
    alpha = Image.fromarray(numpy.dstack([pixels, pixels[..., 1]]))
    png = save(colour, "PNG")
    chromaticities = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    yield "plain.png", png
    yield "gamma.png", with_chunks(png, (b"gAMA", struct.pack(">I", 55556)))
    yield "gamma_linear.png", with_chunks(png, (b"gAMA", struct.pack(">I", 100000)), (b"cHRM", chromaticities))
    yield "srgb.png", with_chunks(png, (b"sRGB", b"\1"), (b"gAMA", struct.pack(">I", 45455)))
    yield "profile.png", save(colour, "PNG", icc_profile=profile)
    yield "grey_gamma.png", with_chunks(save(grey, "PNG"), (b"gAMA", struct.pack(">I", 55556)))
    yield "alpha.png", save(alpha, "PNG")
    yield "alpha_gamma.png", with_chunks(save(alpha, "PNG"), (b"gAMA", struct.pack(">I", 55556)))
    yield "transparent_colour.png", save(colour, "PNG", transparency=(250, 20, 5))
    yield "palette.png", save(colour.quantize(16), "PNG")
    yield "palette_transparent.png", save(colour.quantize(16), "PNG", transparency=bytes(range(0, 256, 16)))
    yield "black_and_white.png", save(grey.convert("1"), "PNG")
    yield "sixteen_bit.png", sixteen_bit(pixels)
    yield "animated.png", save(colour, "PNG", save_all=True, append_images=[colour.rotate(180)])
    yield "baseline_420.jpg", save(colour, "JPEG", quality=80, subsampling=2)
    yield "baseline_422.jpg", save(colour, "JPEG", quality=60, subsampling=1)
    yield "baseline_444.jpg", save(colour, "JPEG", quality=95, subsampling=0)
    yield "progressive.jpg", save(colour, "JPEG", quality=75, progressive=True)
    yield "grey.jpg", save(grey, "JPEG", quality=70)
    yield "cmyk.jpg", save(colour.convert("CMYK"), "JPEG", quality=90)
    yield "stored_rgb.jpg", save(colour, "JPEG", quality=90, keep_rgb=True)
    yield "restarts.jpg", save(colour, "JPEG", quality=85, restart_marker_blocks=1)
    exif = Image.Exif()
    exif[0x112] = 6
    yield "to_be_turned.jpg", save(colour, "JPEG", quality=75, exif=exif)
    yield "to_be_turned.png", save(colour, "PNG", exif=exif)


def main():
    HERE.mkdir(exist_ok=True)
    expected = {}
    for name, data in files():
        (HERE / name).write_bytes(data)
        image = Image.open(io.BytesIO(data))
        is_grey = image.mode in ("L", "1", "I;16")
        expected[name] = numpy.asarray(image.convert("L" if is_grey else "RGB"))
    numpy.savez_compressed(HERE / "expected.npz", **expected)


main()
