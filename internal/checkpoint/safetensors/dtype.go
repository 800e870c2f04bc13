package safetensors

import (
	"slices"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// dtypes are the element types of the format in the order of the reference
// (safetensors 24b0b28, Dtype), by which the writer sorts. Those below a byte
// are blocks that fill whole bytes. Types that lpuctl cannot decode can still
// be read as raw bytes.
var dtypes = [...]*quant.Type{
	{Name: "BOOL", Block: 1, Bytes: 1},
	{Name: "F4", Block: 2, Bytes: 1},
	{Name: "F6_E2M3", Block: 4, Bytes: 3},
	{Name: "F6_E3M2", Block: 4, Bytes: 3},
	U8,
	{Name: "I8", Block: 1, Bytes: 1},
	quant.F8_E5M2,
	quant.F8_E4M3,
	quant.F8_E8M0,
	quant.F8_E4M3FNUZ,
	quant.F8_E5M2FNUZ,
	{Name: "I16", Block: 1, Bytes: 2},
	{Name: "U16", Block: 1, Bytes: 2},
	quant.F16,
	quant.BF16,
	I32,
	{Name: "U32", Block: 1, Bytes: 4},
	quant.F32,
	{Name: "C64", Block: 1, Bytes: 8},
	quant.F64,
	I64,
	{Name: "U64", Block: 1, Bytes: 8},
}

// Integer types, for writers.
var (
	I64 = &quant.Type{Name: "I64", Block: 1, Bytes: 8}
	I32 = &quant.Type{Name: "I32", Block: 1, Bytes: 4}
	U8  = &quant.Type{Name: "U8", Block: 1, Bytes: 1}
)

// dtype returns the type with a name, nil if there is none.
func dtype(name string) *quant.Type {
	for _, t := range dtypes {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// rank returns the place of a type in dtypes, -1 if it has none.
func rank(t *quant.Type) int {
	return slices.Index(dtypes[:], t)
}
