// Package constrain keeps generated text inside a JSON Schema.
//
// [Compile] turns a schema into a [Grammar]: a pushdown automaton over the bytes
// of JSON texts. A [Guide] stands between the logits and a sampler. It walks a
// trie of the vocabulary's bytes from the state of the automaton, removes every
// token that leaves the grammar, and removes those after which the tokens that
// are left are too few for the nearest end. So the text is valid whether
// generation stops at the limit or at an end token.
//
// Members of objects come in any order, strings with any escapes, and
// whitespace wherever JSON allows it: [MaxSpace] bytes at a place, and
// [MaxTrailingSpace] after the text.
//
// A schema is a conjunction of what it says about each kind of value. The
// automaton compiles sets of schemas that hold at once (allOf, $ref with
// siblings, overlapping patternProperties), each to a list of alternatives
// (anyOf, oneOf, enum). Keywords that it cannot honour are errors.
package constrain

// MaxSpace is the number of bytes of whitespace that may stand at one place.
const MaxSpace = 64

// MaxTrailingSpace is the number of bytes of whitespace that may follow a text.
// It is small: a model that has said all likes to go on with empty lines.
const MaxTrailingSpace = 2

// Limits of what a schema may make of the automaton.
const (
	maxSchemaBytes  = 1 << 20
	maxSchemas      = 20_000  // schemas in a document, members of enums among them
	maxPointer      = 4_096   // bytes of the JSON pointer to a schema
	maxNodes        = 10_000  // sets of schemas that hold at once
	maxAlternatives = 512     // of one set, after anyOf, oneOf and enum
	maxDFAStates    = 40_000  // of all patterns, names and enums together
	maxDFAWork      = 2 << 20 // steps to build them
	maxBranches     = 64      // of a oneOf
	maxDigits       = 400     // of a number in a schema
	maxReadings     = 1024    // readings of one text that are followed at once
	maxStates       = 20_000  // states of a matcher before it forgets them
)

// infinite is the cost of what cannot be completed. Sums of costs stop there.
const infinite int64 = 1 << 50

func add(a, b int64) int64 { return min(a+b, infinite) }

func times(a, b int64) int64 {
	if a == 0 || b == 0 {
		return 0
	}
	if a >= infinite/b {
		return infinite
	}
	return a * b
}

// less returns a cost without one byte.
func less(a int64) int64 {
	if a >= infinite {
		return a
	}
	return a - 1
}
