"""Records json.jsonl: what Hugging Face tokenizers makes of texts with variants
of two small vocabularies, bytes.json and characters.json, which it trains when
they are not there.

Needs PyPI tokenizers==0.23.3. usage: python3 record_json.py
"""

import json
import os
import random

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXTS = [
    "", " ", "Hello, world!", "  two  spaces\tand\n\nlines \r\n x", "It's we'll I'VE 'ſ they'd", "12345 3.14 ٣٤٥ Ⅷ½ 1,000",
    "café cafe\u0301 a\u0323\u0308 Å\u212b ﬁ ½ 각 \u1100\u1161\u11a8", "\u0eba\u0f71 \U00011935\U00011930 \U000105d2\u0307 \u0898\u0301",
    "z" + "\u0301\u0323" * 20, "日本語、中文。ไทย", "👨‍👩‍👧 🇩🇪 ❤️ 👍🏽", "\x00\x01\x7f\u0085\u00a0\u3000\u200b\ufeff", "▁x ▁▁ y▁",
    "<s>a</s> <s> b<unk>", "a<tag>b <tag> c  <tag>  d", "xwordx word -word- words", "  <l> x  <r>  y <l><r> ", "CAFÉ café Tag", "if (a != b) { c->d(); } // ok\n",
    "hello hello the the theory", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\ufdd0\uffff\U0010ffff\ue000", "XMLHttpRequest ABCdef ǅx",
    "a-b--c---d - -", "...!?;: $+<=>^`|~ «» ‘’ \u2e5d", "q\u00e9\u00e8\u0153 <0x41> <0xFF>", "\n", "\r\n\r\n", " a", "a ", "<r>  \n  <l>\n\n x", "ᾼᾳͅ \u0344 \u0958 \ufb1d",
]

BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": True}
MERGE = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
OTHER = r" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
START = r"[^\r\n\p{L}\p{N}]?"
O200K = f"{START}{UPPER}*{LOWER}+{CONTRACTION}?|{START}{UPPER}+{LOWER}*{CONTRACTION}?|" + r"\p{N}{1,3}|" + OTHER
TEKKEN = f"{START}{UPPER}*{LOWER}+|{START}{UPPER}+{LOWER}*|" + r"\p{N}|" + OTHER
DEEPSEEK = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def sequence(name, *parts):
    return {"type": "Sequence", name: list(parts)}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def added(content, special=False, **flags):
    token = dict(content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=special)
    return {**token, **flags}


def template(before, after):
    def special(name):
        return {"SpecialToken": {"id": name, "type_id": 0}}

    ids = {name: {"id": name, "ids": [i], "tokens": [name]} for i, name in enumerate(["<unk>", "<s>", "</s>"])}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {"type": "TemplateProcessing", "single": [*map(special, before), text, *map(special, after)], "pair": [text], "special_tokens": ids}


TOKENS = [added("<unk>", True), added("<s>", True), added("</s>", True)]
FLAGS = [
    *TOKENS, added("<tag>", normalized=True), added("word", single_word=True), added("<l>", True, lstrip=True),
    added("<r>", rstrip=True), added("café", normalized=True), added("<s> b"), added("\n"),
]  # fmt: skip

REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
BACK = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
PREPEND = {"type": "Prepend", "prepend": "▁"}
FALLBACK = {"type": "ByteFallback"}
FUSE = {"type": "Fuse"}
STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}


def metaspace(scheme, split):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


# name: (vocabulary, members that replace the file's, members that replace the model's)
VARIANTS = {
    "byte level": ("bytes", {}, {}),
    "byte level, template": ("bytes", {"post_processor": sequence("processors", BYTES, template(["<s>"], ["</s>"]))}, {}),
    "byte level, prefix space": ("bytes", {"pre_tokenizer": {**BYTES, "add_prefix_space": True}}, {}),
    "byte level, flags": ("bytes", {"added_tokens": FLAGS}, {}),
    "byte level, flags and NFC": ("bytes", {"added_tokens": FLAGS, "normalizer": {"type": "NFC"}}, {}),
    "byte level, flags and NFKD": ("bytes", {"added_tokens": FLAGS, "normalizer": {"type": "NFKD"}}, {}),
    "byte level, NFD": ("bytes", {"normalizer": {"type": "NFD"}}, {}),
    "byte level, NFKC and Strip": ("bytes", {"normalizer": sequence("normalizers", {"type": "NFKC"}, {"type": "Strip", "strip_left": True, "strip_right": True})}, {}),
    "digits": ("bytes", {"pre_tokenizer": sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, BYTES)}, {}),
    "runs of digits": ("bytes", {"pre_tokenizer": sequence("pretokenizers", {"type": "Digits", "individual_digits": False}, MERGE)}, {}),
    "punctuation": ("bytes", {"pre_tokenizer": sequence("pretokenizers", {"type": "Punctuation"}, BYTES)}, {}),
    "punctuation, merged": ("bytes", {"pre_tokenizer": sequence("pretokenizers", {"type": "Punctuation", "behavior": "MergedWithPrevious"}, MERGE)}, {}),
    "white space": ("bytes", {"pre_tokenizer": sequence("pretokenizers", {"type": "WhitespaceSplit"}, MERGE)}, {}),
    "Llama 3": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"Regex": LLAMA3}), MERGE)}, {"ignore_merges": True}),
    "Qwen 2": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"Regex": LLAMA3.replace("{1,3}", "")}), MERGE)}, {}),
    "GPT-4o": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"Regex": O200K}, "Removed", True), MERGE)}, {}),
    "Mistral Nemo": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"Regex": TEKKEN}), MERGE)}, {"ignore_merges": True}),
    "DeepSeek V3": ("bytes", {"pre_tokenizer": sequence("pretokenizers", *[split({"Regex": p}) for p in [r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK]], MERGE)}, {}),
    "unknown pattern": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"Regex": r"\p{Lu}?[\p{Ll}\P{L}]+|\d+(?=\s)|^\w|[^\p{^L}a]$"}), MERGE)}, {}),
    "empty matches": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"Regex": r"(?=\p{Lu})|(?<=-)"}), MERGE)}, {}),
    "no unknown token": ("characters", {}, {"byte_fallback": False, "unk_token": None}),
    "unknown tokens": ("characters", {}, {"byte_fallback": False, "fuse_unk": False}),
    "unknown tokens, fused": ("characters", {}, {"byte_fallback": False}),
    "Llama 2": ("characters", {}, {}),
    "Llama 2, flags": ("characters", {"added_tokens": FLAGS}, {}),
    "metaspace always": ("characters", {"normalizer": None, "pre_tokenizer": metaspace("always", True), "decoder": metaspace("always", True)}, {}),
    "metaspace first": ("characters", {"normalizer": None, "pre_tokenizer": metaspace("first", False), "decoder": sequence("decoders", BACK, FALLBACK, FUSE, STRIP), "added_tokens": FLAGS}, {}),
    "metaspace never": ("characters", {"normalizer": None, "pre_tokenizer": metaspace("never", True), "decoder": metaspace("never", True)}, {}),
    "Gemma": ("characters", {"normalizer": REPLACE, "pre_tokenizer": split({"String": " "}, "MergedWithPrevious"), "decoder": sequence("decoders", BACK, FALLBACK, FUSE)}, {}),
    "no decoder": ("characters", {"decoder": None}, {}),
    "strip of tokens": ("characters", {"decoder": sequence("decoders", BACK, {"type": "Strip", "content": " ", "start": 1, "stop": 0}, FUSE, {"type": "Strip", "content": "a", "start": 2, "stop": 0})}, {}),
    **{
        f"split {behavior} {invert}": ("bytes", {"pre_tokenizer": sequence("pretokenizers", split({"String": "-"}, behavior, invert), MERGE)}, {})
        for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
        for invert in [False, True]
    },
}  # fmt: skip


def load():
    """The two vocabularies. Training does not give the same one each time."""
    if not os.path.exists("bytes.json"):
        train()
    files = {}
    for name in ["bytes", "characters"]:
        with open(name + ".json") as f:
            files[name] = json.load(f)
    return files


def train():
    corpus = TEXTS * 3 + ["the theory of the other words, hello hello word wording", "Call me Ishmael. Some years ago, never mind how long precisely"]
    for name, alphabet in [("bytes", pre_tokenizers.ByteLevel.alphabet()), ("characters", [f"<0x{b:02X}>" for b in range(256)])]:
        tok = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=name == "characters", fuse_unk=name == "characters"))
        if name == "bytes":
            tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False)
            tok.decoder = decoders.ByteLevel()
        else:
            tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        special = ["<unk>", "<s>", "</s>"]
        if name == "characters":
            special += alphabet
        trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet if name == "bytes" else [],
                                      limit_alphabet=60 if name == "characters" else 1000, show_progress=False)  # fmt: skip
        tok.train_from_iterator(corpus, trainer)
        file = json.loads(tok.to_str())
        file["added_tokens"] = [{"id": i, **t} for i, t in enumerate(TOKENS)]
        if name == "characters":
            file["decoder"] = sequence("decoders", BACK, FALLBACK, FUSE, STRIP)
        with open(name + ".json", "w") as f:
            json.dump(file, f, ensure_ascii=False, separators=(",", ":"))
            f.write("\n")


def without_byte(model, char):
    """Members of a model that lacks a byte."""
    vocab = [t for t in sorted(model["vocab"], key=model["vocab"].get) if char not in t]
    merges = [m for m in model["merges"] if char not in m[0] + m[1]]
    return {"vocab": {t: i for i, t in enumerate(vocab)}, "merges": merges}


def main():
    files = load()
    lacking = without_byte(files["bytes"]["model"], "Ã")  # the first byte of é
    VARIANTS["a byte is missing"] = ("bytes", {}, lacking)
    VARIANTS["a byte is missing, no unknown token"] = ("bytes", {}, {**lacking, "unk_token": None})
    r = random.Random(1)
    with open("json.jsonl", "w") as out:

        def line(**members):
            out.write(json.dumps(members, separators=(",", ":")) + "\n")

        for name, (base, members, model) in VARIANTS.items():
            file = {**files[base], **members}
            file["model"] = {**file["model"], **model}
            vocab, next_id = file["model"]["vocab"], len(file["model"]["vocab"])
            for i, token in enumerate(file["added_tokens"]):
                id = vocab.get(token["content"], next_id)
                next_id = max(next_id, id + 1)
                file["added_tokens"][i] = {"id": id, **{k: v for k, v in token.items() if k != "id"}}
            if "added_tokens" in members:
                members["added_tokens"] = file["added_tokens"]
            tok = Tokenizer.from_str(json.dumps(file))
            line(variant=name, base=base, members=members, model=model)
            soup = [[r.randrange(tok.get_vocab_size()) for _ in range(r.randint(1, 12))] for _ in range(10)]
            for text in TEXTS:
                if name.startswith("split") and "-" not in text:
                    continue
                tok.encode_special_tokens = False
                ids = tok.encode(text).ids
                tok.encode_special_tokens = True
                plain = tok.encode(text, add_special_tokens=False).ids
                line(text=text, ids=ids, plain=plain)
                soup.append(ids)
            for ids in soup:
                line(ids=ids, back=tok.decode(ids, skip_special_tokens=False), short=tok.decode(ids))


main()
