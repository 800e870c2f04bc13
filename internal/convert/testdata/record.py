"""Train tiny byte-level BPE tokenizers with Hugging Face's library: NAME.tokenizer.json, one for each pre-tokenizer.

    pip install tokenizers==0.23.3
    python record.py

They have 256 bytes, some merges of the text below, two special tokens and one that is not special; llama-bpe puts BOS before
a text. The pre-tokenizers are those of the models' own tokenizer.json files (SmolLM2, Llama 3, Qwen2, GPT-2, gpt-oss, Mistral
Nemo).
"""

import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
WORD = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
NAME = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = WORD + SHORT + "|" + NAME + SHORT + r"|\p{N}{1,3}" + REST
TEKKEN = WORD + "|" + NAME + r"|\p{N}" + REST
TEXT = ["the cat sat on the mat and the dog ate the hat", "it's 1234 o'clock; they're here", "for i in range(10):\n    print(i)"]


def byte_level(regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), byte_level(False)])


KINDS = {
    "gpt-2": (byte_level(True), None),
    "smollm": (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]), None),
    "llama-bpe": (split(LLAMA3), None),
    "qwen2": (split(QWEN2), normalizers.NFC()),
    "gpt-4o": (split(O200K), None),
    "tekken": (split(TEKKEN), None),
}

for name, (pre, normalizer) in KINDS.items():
    t = Tokenizer(models.BPE(ignore_merges=name in ("llama-bpe", "tekken")))
    t.pre_tokenizer, t.decoder, t.post_processor = pre, decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)
    if normalizer:
        t.normalizer = normalizer
    t.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=280, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.add_special_tokens(["<s>", "</s>"])
    t.add_tokens([AddedToken("<tool>", normalized=False)])
    if name == "llama-bpe":
        bos = t.token_to_id("<s>")
        t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", bos)])])
    t.save(str(pathlib.Path(__file__).with_name(name + ".tokenizer.json")), pretty=False)
