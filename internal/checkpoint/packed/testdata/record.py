"""Record packed weights and what other software decodes of them: packed.safetensors.

    pip install torch==2.15.0 numpy==2.4.6 safetensors==0.8.0 transformers==5.23.0 \
        compressed-tensors==0.20.0 bitsandbytes==0.50.2
    pip download --no-deps --no-binary :all: autoawq==0.2.9   # and unpack it
    python record.py AUTOAWQ_FOLDER

A case is a prefix. Its tensors have the names that a checkpoint has for module
"m"; "want" is the decoded weight [out, in], float32. Packers and decoders:

    awq.*         AutoAWQ (WQLinear_GEMM, WQLinear_GEMV, dequantize_gemm)
    compressed.*  compressed-tensors (PackedQuantizationCompressor)
    nf4, nf4.double   bitsandbytes
    mxfp4         transformers (convert_moe_packed_tensors)
    gptq.*        numpy, from the layout that GPTQModel 7.7.0 documents
                  (nn_modules/qlinear/__init__.py, pack_original)
"""

import importlib.util
import sys
import types

import bitsandbytes.functional as bnb
import numpy as np
import torch
from compressed_tensors.compressors import PackedQuantizationCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

OUT, IN = 32, 128
rng = np.random.default_rng(20261125)
tensors = {}


def put(case, parts, want):
    for name, t in parts.items():
        tensors[f"{case}/m.{name}"] = torch.as_tensor(np.ascontiguousarray(t))
    tensors[f"{case}/want"] = torch.as_tensor(np.ascontiguousarray(want, dtype=np.float32))


def load(folder, name):
    """Load one module of AutoAWQ without its package."""
    spec = importlib.util.spec_from_file_location(name, f"{folder}/{name.replace('.', '/')}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def awq(folder):
    for name in ("awq", "awq.utils", "awq.modules", "awq.modules.linear"):
        sys.modules[name] = types.ModuleType(name)
    stub = types.ModuleType("awq.utils.module")
    stub.try_import = lambda name: (None, "")
    sys.modules["awq.utils.module"] = stub
    stub = types.ModuleType("awq.utils.utils")
    stub.get_best_device = lambda: "cpu"
    sys.modules["awq.utils.utils"] = stub
    packing = load(folder, "awq.utils.packing_utils")
    gemm, gemv = load(folder, "awq.modules.linear.gemm"), load(folder, "awq.modules.linear.gemv")
    for group in (32, 64, 128, 16, 256):
        n = max(IN, group)
        g = n // group
        q, z = rng.integers(0, 16, (OUT, n)), rng.integers(0, 16, (OUT, g))
        s = torch.tensor(rng.uniform(0.01, 0.1, (OUT, g)).astype(np.float16))
        zk, sk = np.repeat(z, group, 1), s.numpy().astype(np.float64).repeat(group, 1)
        linear = torch.nn.Linear(n, OUT, bias=False)
        linear.weight.data = torch.tensor((q - zk) * sk, dtype=torch.float64)
        zt, st = torch.tensor(z, dtype=torch.float64), s.double()
        m = gemm.WQLinear_GEMM.from_linear(linear, 4, group, scales=st.t().contiguous(), zeros=zt.t().contiguous())
        want = packing.dequantize_gemm(m.qweight, m.qzeros, m.scales.float(), 4, group).t()
        assert np.array_equal(want.numpy(), ((q - zk) * sk).astype(np.float32))
        put(f"awq.gemm.{group}", {"qweight": m.qweight, "qzeros": m.qzeros, "scales": m.scales}, want)
        if group in (32, 64, 128):
            m = gemv.WQLinear_GEMV.from_linear(linear, 4, group, scales=st, zeros=zt)
            put(f"awq.gemv.{group}", {"qweight": m.qweight, "qzeros": m.qzeros, "scales": m.scales}, want)


def pack_down(q, bits):
    """Pack integers [n, m] down the columns, the first in the lowest bits."""
    each = 32 // bits
    q = q.astype(np.uint32).reshape(-1, each, q.shape[1])
    return (q << (np.arange(each, dtype=np.uint32) * bits)[None, :, None]).sum(1, dtype=np.uint32).view(np.int32)


def gptq(case, bits, group, sym, v2, act_order):
    top, g = 1 << bits, -(-IN // group)
    q = rng.integers(0, top, (IN, OUT))
    z = np.full((g, OUT), top // 2) if sym else rng.integers(0, top, (g, OUT))
    s = rng.uniform(0.001, 0.1, (g, OUT)).astype(np.float16)
    idx = np.arange(IN) // group
    if act_order:
        idx = rng.permutation(idx)
    stored = z if v2 else (z - 1) % top
    qzeros = pack_down(stored.T, bits).T
    want = ((q - z[idx]).astype(np.float32) * s[idx].astype(np.float32)).T
    put(case, {"qweight": pack_down(q, bits), "qzeros": qzeros, "scales": s, "g_idx": idx.astype(np.int32)}, want)


def compressed(case, bits, group, sym, dtype, act_order):
    width = group if group > 0 else IN
    g, half = IN // width, 1 << (bits - 1)
    args = QuantizationArgs(
        num_bits=bits, symmetric=sym, strategy="group" if group > 0 else "channel",
        group_size=group if group > 0 else None,
    )
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    state = {
        "weight": torch.tensor(rng.normal(0, 1, (OUT, IN)), dtype=dtype),
        "weight_scale": torch.tensor(rng.uniform(2 / half, 4 / half, (OUT, g)), dtype=dtype),
    }
    if not sym:
        state["weight_zero_point"] = torch.tensor(rng.integers(-half, half, (OUT, g)), dtype=torch.int8)
    out = PackedQuantizationCompressor.compress(dict(state), scheme)
    index = None
    if act_order:
        index = torch.tensor(rng.permutation(np.arange(IN) // width), dtype=torch.int32)
    want = decompress(dict(out, weight_scale=out["weight_scale"].float()), scheme, index, width)
    if act_order:
        out["weight_g_idx"] = index
    parts = {k: v.clone() for k, v in out.items() if k.startswith("weight")}
    parts["weight_shape"] = torch.tensor([OUT, IN], dtype=torch.int64)
    for name, t in parts.items():
        tensors[f"{case}/m.{name}"] = t.contiguous()
    tensors[f"{case}/want"] = want.contiguous()


def decompress(out, scheme, index, width):
    if index is None:
        return PackedQuantizationCompressor.decompress(out, scheme)["weight"].float()
    # compressed-tensors 0.20 no longer has actorder "group", whose files have an
    # index: take the integers and multiply them by the scales of their groups.
    plain = PackedQuantizationCompressor.decompress(
        dict(out, weight_scale=torch.ones_like(out["weight_scale"])), scheme)["weight"].float()
    return plain * out["weight_scale"][:, index.long()]


def nf4(case, double):
    w = torch.tensor(rng.normal(0, 0.05, (OUT, IN - 6)), dtype=torch.float32)  # blocks go over the ends of rows
    data, state = bnb.quantize_4bit(w, blocksize=64, compress_statistics=double, quant_type="nf4")
    want = bnb.dequantize_4bit(data, state)
    parts = {"weight": data}
    for name, t in state.as_dict(packed=True).items():
        parts["weight." + name.removeprefix("weight.")] = t
    for name, t in parts.items():
        tensors[f"{case}/m.{name}"] = t.contiguous().clone()
    tensors[f"{case}/want"] = want.contiguous().clone()


def mxfp4():
    blocks = rng.integers(0, 256, (2, 6, 3, 16), dtype=np.uint8)
    scales = rng.integers(110, 140, (2, 6, 3), dtype=np.uint8)
    want = convert_moe_packed_tensors(torch.tensor(blocks), torch.tensor(scales), dtype=torch.float32)
    tensors["mxfp4/m_blocks"], tensors["mxfp4/m_scales"] = torch.tensor(blocks), torch.tensor(scales)
    # transformers gives [experts, in, out].
    tensors["mxfp4/want"] = want.transpose(1, 2).contiguous()


def main():
    awq(sys.argv[1])
    for v2 in (False, True):
        for bits in (4, 8):
            for sym in (False, True):
                name = f"gptq.{'v2' if v2 else 'v1'}.{bits}.{'sym' if sym else 'asym'}"
                gptq(name + ".32", bits, 32, sym, v2, False)
    gptq("gptq.v1.4.sym.row", 4, IN, True, False, False)
    gptq("gptq.v1.4.asym.act", 4, 64, False, False, True)
    gptq("gptq.v2.8.sym.act", 8, 32, True, True, True)
    for bits in (4, 8):
        for sym in (True, False):
            compressed(f"compressed.{bits}.{'sym' if sym else 'asym'}.32", bits, 32, sym, torch.bfloat16, False)
    compressed("compressed.4.sym.row", 4, -1, True, torch.float16, False)
    compressed("compressed.8.asym.row", 8, -1, False, torch.float32, False)
    compressed("compressed.4.sym.act", 4, 64, True, torch.float16, True)
    nf4("nf4", False)
    nf4("nf4.double", True)
    mxfp4()
    save_file(tensors, "packed.safetensors")


main()
