"""Record the goldens of this package from SentencePiece and Hugging Face tokenizers.

    pip install sentencepiece==0.2.3 protobuf==7.36.2 gguf==0.19.0 tokenizers==0.23.3
    python record.py stories260K.gguf

Run in this folder. Writes
  stories260k.model  the vocabulary of stories260K.gguf as a SentencePiece model
  goldens.jsonl      ids and text by sentencepiece, for the vocabulary as it is and for variants of it
  special.jsonl      ids by tokenizers, with control pieces recognised in the text
Every line of a .jsonl file is one JSON object: a variant, or a case of the variant above it.
"""
import json
import random
import sys

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb
from tokenizers import AddedToken, Tokenizer, models, normalizers

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
SPACE = "\u2581"

ATOMS = [
    "Once upon a time", " the", "Lily", "there was", " little", "girl", "<s>", "</s>", "<unk>", "<0x41>", SPACE, SPACE * 3,
    " ", "  ", "   ", "     ", "\t", "\n", "\r\n", "\n\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\ufeff",
    "🚀", "🦙", "👨‍👩‍👧‍👦", "😶‍🌫️", "🏳️‍🌈", "🇩🇪", "👍🏽", "é", "e\u0301", "ﬁ", "Å", "ß", "ſ", "İ", "漢字", "日本語の", "한국어",
    "\u1100\u1161", "ไทย", "कानून", "عربى", "עברית", "\u202e", "Ελλάδα", "нещо", "𝔘𝔫𝔦", "\U0010ffff", "\ue000", "\ufffd", "\uffff",
    "\x00", "\x01", "\x1b[0m", "\x7f", "\x85", "123", "3.14", "0x1F", "!!!!!!", "'s", "can't", "{\"a\": [1]}", "for i := range x {",
    "zzzz", "aaaaaaaaaaaaaaaa", "she said, \"no.\"",
]


def load(path):
    """The vocabulary of a GGUF file as a SentencePiece model."""
    fields = gguf.GGUFReader(path).fields
    column = lambda name: fields["tokenizer.ggml." + name].contents()
    m = pb.ModelProto()
    for piece, score, kind in zip(column("tokens"), column("scores"), column("token_type")):
        m.pieces.add(piece=piece, score=score, type=kind)
    m.trainer_spec.model_type = pb.TrainerSpec.BPE
    m.trainer_spec.vocab_size = len(m.pieces)
    m.trainer_spec.byte_fallback = True
    m.normalizer_spec.name = "identity"
    m.normalizer_spec.add_dummy_prefix = True
    m.normalizer_spec.remove_extra_whitespaces = False
    return m


def strings(seed, count):
    rng = random.Random(seed)
    return ["".join(rng.choices(ATOMS, k=rng.randint(1, 9))) for _ in range(count)]


def id_lists(seed, count, size):
    """Random ids: any pieces, leading spaces, and runs of bytes that may not be UTF-8."""
    rng = random.Random(seed)
    smile = [3 + b for b in "😀".encode()]
    lead = [[1], [2], [0], [], [], []]
    for _ in range(count):
        ids = list(rng.choice(lead))
        for _ in range(rng.randint(1, 8)):
            ids += rng.choice([[rng.randrange(size)], [rng.randrange(259, size)], [rng.randrange(3, 259)] * 2,
                               smile, smile[: rng.randint(1, 3)], [rng.randrange(0, 3)]])
        yield ids


def variants(m):
    """Name, changed types by id, prefix, trimming, byte fallback and number of strings of each variant."""
    space = next(i for i, p in enumerate(m.pieces) if p.piece == SPACE)
    normal = [i for i, p in enumerate(m.pieces) if p.type == NORMAL]
    yield "plain", {}, True, False, True, 300
    yield "no prefix", {}, False, False, True, 40
    yield "trim", {}, True, True, True, 60
    yield "trim, no prefix", {}, False, True, True, 40
    yield "user-defined", {i: USER for i in normal[5::17]}, True, False, True, 60
    yield "unused", {i: UNUSED for i in normal[::3] if i != space}, True, False, True, 60
    yield "no bytes", {i: CONTROL for i, p in enumerate(m.pieces) if p.type == BYTE}, True, False, False, 60
    yield "no bytes, unused", ({i: CONTROL for i, p in enumerate(m.pieces) if p.type == BYTE}
                               | {i: UNUSED for i in normal[1::2] if i != space}), True, False, False, 40


def goldens(base, fixed):
    for number, (name, types, prefix, trim, fallback, count) in enumerate(variants(base)):
        m = pb.ModelProto()
        m.CopyFrom(base)
        for i, kind in types.items():
            m.pieces[i].type = kind
        m.trainer_spec.byte_fallback = fallback
        m.normalizer_spec.add_dummy_prefix = prefix
        m.normalizer_spec.remove_extra_whitespaces = trim
        sp = sentencepiece.SentencePieceProcessor(model_proto=m.SerializeToString())
        yield {"variant": name, "types": types, "prefix": prefix, "trim": trim}
        for text in fixed + strings(20261124 + number, count):
            ids = sp.encode(text)
            yield {"text": text, "ids": ids, "back": sp.decode(ids)}
        for ids in id_lists(20261224 + number, count, len(m.pieces)):
            yield {"ids": ids, "back": sp.decode(ids)}


def hugging_face(m):
    """The conversion of transformers' LlamaConverter, legacy behaviour."""
    vocab = {p.piece: i for i, p in enumerate(m.pieces)}
    merges = []
    for piece, i in vocab.items():
        if m.pieces[i].type == NORMAL:
            local = [(piece[:n], piece[n:]) for n in range(1, len(piece)) if piece[:n] in vocab and piece[n:] in vocab]
            merges += [(pair, m.pieces[i].score) for pair in sorted(local, key=lambda p: (vocab[p[0]], vocab[p[1]]))]
    merges = [pair for pair, _ in sorted(merges, key=lambda x: -x[1])]
    t = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    t.add_special_tokens([AddedToken(p.piece, normalized=False) for p in m.pieces if p.type in (UNKNOWN, CONTROL)])
    return t


def special(m, fixed):
    t = hugging_face(m)
    marks = ["<s>", "</s>", "<unk>", "<s> ", " </s>", "<s", "[INST] ", " [/INST]"]
    rng = random.Random(20261124)
    mixed = ["".join(rng.choices(marks + ATOMS[:6] + ["\n", "🚀", ""], k=rng.randint(1, 7))) for _ in range(200)]
    for text in fixed + mixed:
        yield {"text": text, "ids": t.encode(text, add_special_tokens=False).ids}


def write(path, objects):
    with open(path, "w", newline="\n") as f:
        for o in objects:
            f.write(json.dumps(o, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    m = load(sys.argv[1])
    with open("stories260k.model", "wb") as f:
        f.write(m.SerializeToString(deterministic=True))
    with open("ggml-vocab-llama-spm.gguf.inp", newline="") as f:
        fixed = f.read().split("\n__ggml_vocab_test__\n")
    write("goldens.jsonl", goldens(m, fixed))
    write("special.jsonl", special(m, fixed))


main()
