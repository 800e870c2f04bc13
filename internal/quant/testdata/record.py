"""Record what other software makes of random blocks: blocks.json, encoded.json and float8.json.

    pip install gguf==0.19.0 ml_dtypes==0.6.0 numpy==2.4.6
    python record.py

blocks.json: PyPI gguf. Plain types have 8 rows, the others 4 rows of 1 to 2
blocks; the bytes are random, but for float16 scales, which are finite (random
too; one is subnormal, one is negative zero). encoded.json: how PyPI gguf
quantizes random floats ("src" is the blocks, "want" the floats before). float8.json: what ml_dtypes makes
of all 256 bytes. "src" and "want" are hex; "want" holds little-endian float32.
"""

import json
import sys

import gguf
import ml_dtypes
import numpy as np

# name: (elements and bytes of a block, blocks, offsets of float16 scales)
TYPES = {
    "F16": (1, 2, 64, []), "BF16": (1, 2, 64, []),
    "Q4_0": (32, 18, 8, [0]), "Q4_1": (32, 20, 8, [0, 2]), "Q8_0": (32, 34, 8, [0]),
    "Q5_0": (32, 22, 8, [0]), "Q5_1": (32, 24, 8, [0, 2]),
    "Q2_K": (256, 84, 4, [80, 82]), "Q3_K": (256, 110, 4, [108]), "Q4_K": (256, 144, 4, [0, 2]),
    "Q5_K": (256, 176, 4, [0, 2]), "Q6_K": (256, 210, 4, [208]),
    "IQ4_NL": (32, 18, 8, [0]), "IQ4_XS": (256, 136, 4, [0]), "MXFP4": (32, 17, 8, []),
}
FLOAT8 = {
    "F8_E5M2": ml_dtypes.float8_e5m2, "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E8M0": ml_dtypes.float8_e8m0fnu,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz, "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
}


def blocks(rng, name):
    block, size, count, scales = TYPES[name]
    src = rng.integers(0, 256, (count, size), dtype=np.uint8)
    if name == "F16":
        return rng.normal(0, 3, (count, 1)).astype(np.float16).view(np.uint8)
    if name == "BF16":
        return (rng.normal(0, 3, (count, 1)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    if name == "MXFP4":
        src[:4, 0] = [0, 1, 2, 250]
    for at in scales:
        scale = rng.normal(0, 0.1, (count, 1)).astype(np.float16)
        scale[1] = np.float16(5e-7)
        scale[2] = np.float16(-0.0)
        src[:, at : at + 2] = scale.view(np.uint8)
    return src


def write(name, out):
    with open(name, "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


def pair(src, want):
    return {"src": src.tobytes().hex(), "want": want.astype("<f4").tobytes().hex()}


def main():
    rng = np.random.default_rng(20261124)
    out = {}
    for name in TYPES:
        src = blocks(rng, name).reshape(4, -1)
        out[name] = pair(src, gguf.quants.dequantize(src, gguf.GGMLQuantizationType[name]))
    write("blocks.json", out)
    floats = rng.normal(0, 1, (8, 64)).astype(np.float32)
    floats[0, :32] = 0
    floats[1, 3], floats[1, 9] = 4, -4
    floats[2] = np.arange(64) * 0.5 - 16
    out = {}
    for name in ("F16", "BF16", "Q4_0", "Q8_0"):
        out[name] = pair(gguf.quants.quantize(floats, gguf.GGMLQuantizationType[name]), floats)
    write("encoded.json", out)
    every = np.arange(256, dtype=np.uint8)
    write("float8.json", {name: pair(every, every.view(t).astype(np.float32)) for name, t in FLOAT8.items()})


sys.exit(main())
