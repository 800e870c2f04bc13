package prove

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/ir"
	"github.com/lpuctl/lpuctl/reference"
)

// BenchmarkSpeed is the reference on SmolLM2-135M-Instruct with all threads: 64
// tokens of a prompt, and 32 decode steps after them.
func BenchmarkSpeed(b *testing.B) {
	m := smolLM2(b)
	for _, kind := range []string{ir.KindA8, ir.KindA15, ir.KindF32} {
		e := realEngine(b, m, kind)
		prompt := make([]int32, 64)
		for i := range prompt {
			prompt[i] = int32(1000 + 37*i)
		}
		b.Run("prefill/"+kind, func(b *testing.B) {
			for b.Loop() {
				prefill(b, e, prompt)
			}
			b.ReportMetric(float64(len(prompt)*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
		b.Run("decode/"+kind, func(b *testing.B) {
			const steps = 32
			prefill(b, e, prompt)
			for b.Loop() {
				for i := range steps {
					_, err := e.Decode(int32(2000+i), len(prompt)+i)
					require.NoError(b, err)
				}
			}
			b.ReportMetric(float64(steps*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func prefill(b *testing.B, e *reference.Engine, prompt []int32) {
	for pos := 0; pos < len(prompt); pos += e.Chunk() {
		_, err := e.Prefill(prompt[pos:min(pos+e.Chunk(), len(prompt))], pos)
		require.NoError(b, err)
	}
}
