package gguf

import "github.com/lpuctl/lpuctl/internal/quant"

// tensorTypes maps GGUF's type ids (enum ggml_type, ggml d99724f) to encodings.
// Ids without an entry were removed from GGML or never existed. Types that
// lpuctl cannot decode have only the sizes, which the layout of a file needs.
var tensorTypes = [...]*quant.Type{
	0:  quant.F32,
	1:  quant.F16,
	2:  quant.Q4_0,
	3:  quant.Q4_1,
	6:  quant.Q5_0,
	7:  quant.Q5_1,
	8:  quant.Q8_0,
	9:  {Name: "Q8_1", Block: 32, Bytes: 36},
	10: quant.Q2_K,
	11: quant.Q3_K,
	12: quant.Q4_K,
	13: quant.Q5_K,
	14: quant.Q6_K,
	15: {Name: "Q8_K", Block: 256, Bytes: 292},
	16: {Name: "IQ2_XXS", Block: 256, Bytes: 66},
	17: {Name: "IQ2_XS", Block: 256, Bytes: 74},
	18: {Name: "IQ3_XXS", Block: 256, Bytes: 98},
	19: {Name: "IQ1_S", Block: 256, Bytes: 50},
	20: quant.IQ4_NL,
	21: {Name: "IQ3_S", Block: 256, Bytes: 110},
	22: {Name: "IQ2_S", Block: 256, Bytes: 82},
	23: quant.IQ4_XS,
	24: {Name: "I8", Block: 1, Bytes: 1},
	25: {Name: "I16", Block: 1, Bytes: 2},
	26: {Name: "I32", Block: 1, Bytes: 4},
	27: {Name: "I64", Block: 1, Bytes: 8},
	28: quant.F64,
	29: {Name: "IQ1_M", Block: 256, Bytes: 56},
	30: quant.BF16,
	34: {Name: "TQ1_0", Block: 256, Bytes: 54},
	35: {Name: "TQ2_0", Block: 256, Bytes: 66},
	39: quant.MXFP4,
	40: {Name: "NVFP4", Block: 64, Bytes: 36},
	41: {Name: "Q1_0", Block: 128, Bytes: 18},
	42: {Name: "Q2_0", Block: 64, Bytes: 18},
}

// tensorType returns the encoding of a type id, nil if there is none.
func tensorType(id uint32) *quant.Type {
	if int64(id) >= int64(len(tensorTypes)) {
		return nil
	}
	return tensorTypes[id]
}
