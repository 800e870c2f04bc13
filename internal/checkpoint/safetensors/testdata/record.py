"""Write small.safetensors with Hugging Face's own library.

    pip install safetensors==0.8.0 numpy==2.4.6
    python record.py
"""

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "b.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a.weight": np.array([1.5, -2.0], dtype=np.float32),
        "half": np.array([0.5, 65504.0, -0.0], dtype=np.float16),
        "ids": np.array([1, 2, -3], dtype=np.int64),
        "ids32": np.array([[7]], dtype=np.int32),
        "bytes": np.array([1, 2, 3, 4, 5], dtype=np.uint8),
        "scalar": np.array(3.0, dtype=np.float32),
        "empty": np.zeros((0, 4), dtype=np.float32),
        "é\"\\\n": np.zeros((1,), dtype=np.float32),
    },
    "small.safetensors",
    metadata={"format": "np <&>"},
)
