package packed

import (
	"testing"

	"github.com/lpuctl/lpuctl/internal/quant"
)

// BenchmarkRows reads the rows of a matrix [4096, 4096] as integers.
func BenchmarkRows(b *testing.B) {
	const n = 4096
	i32 := &quant.Type{Name: "I32", Block: 1, Bytes: 4}
	tensor := func(typ *quant.Type, shape ...int) Tensor {
		size := typ.Bytes
		for _, d := range shape {
			size *= d
		}
		return Tensor{shape, typ, make([]byte, size)}
	}
	for _, c := range []struct {
		name   string
		scheme Scheme
		parts  caseParts
	}{
		{"AWQ", AWQ{Group: 128}, caseParts{".qweight": tensor(i32, n, n/8), ".qzeros": tensor(i32, n/128, n/8), ".scales": tensor(quant.F16, n/128, n)}},
		{"GPTQ", GPTQ{Bits: 4, Group: 128}, caseParts{".qweight": tensor(i32, n/8, n), ".qzeros": tensor(i32, n/128, n/8), ".scales": tensor(quant.F16, n/128, n)}},
	} {
		w, err := c.scheme.Weight("m", c.parts)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			q, scale, zero := make([]uint8, n), make([]float32, n/128), make([]int8, n/128)
			b.SetBytes(n)
			for i := range b.N {
				if err := w.Integers(i%n, q, scale, zero); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
