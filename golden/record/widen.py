#!/usr/bin/env python3
"""Write a GGUF file again with every tensor dequantized to float32, by the gguf package; all metadata stays.

    pip install gguf==0.19.0 numpy==2.4.6
    python golden/record/widen.py MODEL.gguf WIDE.gguf

llama.cpp rounds activations to 8 bits before it multiplies them with quantized weights. On a file of this script it computes
in float32 with the very weights of MODEL.gguf.
"""
import pathlib
import sys

import gguf
import numpy as np

OWN = ("GGUF.", "general.architecture", "general.file_type")  # what the writer itself writes, or what is no longer so


def widen(source, target):
    reader, partial = gguf.GGUFReader(source), pathlib.Path(str(target) + ".tmp")
    writer = gguf.GGUFWriter(partial, reader.fields["general.architecture"].contents())
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for field in reader.fields.values():
        if field.name.startswith(OWN):
            continue
        array = field.types[0] == gguf.GGUFValueType.ARRAY
        writer.add_key_value(field.name, field.contents(), field.types[0], field.types[-1] if array else None)
    for t in reader.tensors:
        writer.add_tensor(t.name, gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: widen.py MODEL.gguf WIDE.gguf")
    widen(*sys.argv[1:])
