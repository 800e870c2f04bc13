package golden

import (
	"fmt"
	"math"
)

// Value is a float32 that prints with its bits: "1.0000001 (0x3f800001)".
type Value float32

// String returns the shortest decimal that reads back as the value, then its bits.
func (v Value) String() string {
	return fmt.Sprintf("%v (0x%08x)", float32(v), math.Float32bits(float32(v)))
}

// MarshalText returns [Value.String]: JSON numbers hold neither NaN nor infinities nor bits.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// ULPs returns how many steps between neighbouring float32 values lie between a and b: 0 for equal values (+0 and -0
// too, and two NaNs), math.MaxUint32 if exactly one is NaN, which is more than any other pair has.
func ULPs(a, b float32) int64 {
	nanA, nanB := a != a, b != b
	switch {
	case nanA && nanB:
		return 0
	case nanA || nanB:
		return math.MaxUint32
	}
	d := ordinal(a) - ordinal(b)
	return max(d, -d)
}

// ordinal numbers the float32 values in ascending order, both zeros 0.
func ordinal(f float32) int64 {
	bits := math.Float32bits(f)
	n := int64(bits &^ (1 << 31))
	if bits>>31 == 1 {
		return -n
	}
	return n
}

// sameBits reports whether a and b have equal bits or are both NaN, whose payload and sign no engine promises.
func sameBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}
