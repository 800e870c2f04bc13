// Package jinja renders chat templates as Hugging Face transformers does: with
// the language of Jinja2 3.1 in its immutable sandbox, trim_blocks and
// lstrip_blocks set, the tags break, continue and generation, transformers' own
// tojson, raise_exception and strftime_now.
//
// Values are those of JSON with Python's semantics: None is nil, then bool,
// int64, float64, string, *List, *Tuple and *Dict, whose order is that of the
// source. Templates are untrusted: nothing reaches files, network or clock, and
// steps, memory and depth are limited (see Limits).
package jinja
