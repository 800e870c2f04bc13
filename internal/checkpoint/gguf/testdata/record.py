"""Record how PyPI gguf reads stories260K.gguf: stories260K.json.

    pip install gguf==0.19.0 numpy==2.4.6
    python record.py ../../../builtin/stories260k/stories260K.gguf

Metadata values in file order (arrays as length and the SHA-256 of their JSON
text), then the tensors: name, shape with the outermost dimension first, type,
SHA-256 of the bytes.
"""

import hashlib
import json
import sys

import gguf


def sha(data):
    return hashlib.sha256(data).hexdigest()


def value(field):
    v = field.contents()
    if isinstance(v, list):
        return {"len": len(v), "sha256": sha("\n".join(text(x) for x in v).encode())}
    return text(v)


def text(v):
    return "%.9g" % v if isinstance(v, float) else str(v)


def main(path):
    r = gguf.GGUFReader(path)
    out = {
        "keys": [[k, value(f)] for k, f in r.fields.items() if not k.startswith("GGUF.")],
        "tensors": [[t.name, [int(d) for d in reversed(t.shape)], t.tensor_type.name, sha(t.data.tobytes())] for t in r.tensors],
    }
    with open("stories260K.json", "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


main(sys.argv[1])
