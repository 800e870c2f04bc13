"""Record how PyPI gguf decodes random blocks: blocks.json.

    pip install gguf==0.19.0 numpy==2.4.6
    python record.py

Each type has 4 rows of 2 blocks, random bytes whose float16 scales are finite
(random too; one is subnormal, one is negative zero). "src" and "want" are hex;
"want" holds little-endian float32.
"""

import json
import sys

import gguf
import numpy as np

TYPES = {
    "F16": (1, 2, 64), "BF16": (1, 2, 64),
    "Q4_0": (32, 18, 8), "Q4_1": (32, 20, 8), "Q8_0": (32, 34, 8),
}  # name: (elements and bytes of a block, blocks)
SCALES = {"Q4_0": 1, "Q4_1": 2, "Q8_0": 1}


def blocks(rng, name):
    block, size, count = TYPES[name]
    src = rng.integers(0, 256, (count, size), dtype=np.uint8)
    if name == "F16":
        return rng.normal(0, 3, (count, 1)).astype(np.float16).view(np.uint8)
    if name == "BF16":
        return (rng.normal(0, 3, (count, 1)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    n = SCALES[name]
    scale = rng.normal(0, 0.1, (count, n)).astype(np.float16)
    scale[1, 0] = np.float16(5e-7)
    scale[2, 0] = np.float16(-0.0)
    src[:, : 2 * n] = scale.view(np.uint8)
    return src


def main():
    rng = np.random.default_rng(20261124)
    out = {}
    for name in TYPES:
        src = blocks(rng, name).reshape(4, -1)
        want = gguf.quants.dequantize(src, gguf.GGMLQuantizationType[name]).astype("<f4")
        out[name] = {"src": src.tobytes().hex(), "want": want.tobytes().hex()}
    with open("blocks.json", "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


sys.exit(main())
