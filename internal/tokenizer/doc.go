// Package tokenizer turns text into token ids and back.
//
// Three kinds of files describe a tokenizer: a SentencePiece tokenizer.model
// ([ParseModel], [New]), a tokenizer.json of Hugging Face ([ParseJSON]) and the
// metadata of a GGUF file ([FromGGUF]). Their ids and text are those of
// SentencePiece, of Hugging Face tokenizers and of llama.cpp. What this package
// does not implement (unigram models, character maps and so on) it refuses by
// name.
//
// Two schemes do the work. SentencePiece's BPE looks neighbours up by their
// joint text and merges the most valuable pair first. The other is the pipeline
// of Hugging Face tokenizers: added tokens, normalizers, splitters, merges of
// pairs of ids by rank, and stages of decoding.
package tokenizer
