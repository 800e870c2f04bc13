package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/trace"
)

var update = flag.Bool("update", false, "rewrite testdata/report-*.txt")

// passingReport has every outcome that passes, and a check that did not run.
func passingReport() *Report {
	recorded, got := exampleRun("hf"), exampleRun("reference")
	scale(got.Logits, 1+8e-6)
	scale(got.Hidden, 1+4e-6)
	tied, flipped := exampleRun("hf"), exampleRun("mlir")
	tied.Logits[14], flipped.Logits[14] = 3.99999, 4.00001
	return NewReport("validate stories260k",
		Bitwise(exampleTrace("reference"), exampleTrace("mlir")),
		Logits(Float32Policy(), recorded, got),
		Hidden(Float32Policy(), recorded, got),
		Logits(Float32Policy(), tied, flipped),
		Skip("bitwise of onnx against reference", "onnxruntime is not installed"))
}

// failingReport has a value that differs, many missing records, and logits scaled by one half.
func failingReport() *Report {
	ref, got := exampleTrace("reference"), exampleTrace("mlir")
	got.Records[0].Data[4] = 5.0000005
	for i := range 12 {
		ref.Records = append(ref.Records, trace.Record{Path: fmt.Sprintf("layers.%d.mlp.down", i), Shape: []int{1}, Data: []float32{1}})
	}
	recorded, half := exampleRun("hf"), exampleRun("reference")
	scale(half.Logits, 0.5)
	scale(half.Hidden[24:], 0.5)
	flipped := exampleRun("reference")
	flipped.Logits[14] = 5
	return NewReport("validate stories260k",
		Bitwise(ref, got),
		Logits(Float32Policy(), recorded, half),
		Hidden(Float32Policy(), recorded, half),
		Logits(Float32Policy(), recorded, flipped))
}

func TestWriteReport(t *testing.T) {
	for name, r := range map[string]*Report{"passing": passingReport(), "failing": failingReport()} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, r.WriteReport(&b))
			file := filepath.Join("testdata", "report-"+name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, string(want), b.String())
		})
	}
}

func TestVerdictWriteReport(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Skip("bitwise", "clang is not installed").WriteReport(&b))
	require.Equal(t, "  bitwise: not checked\n    clang is not installed\n", b.String())
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteReportError(t *testing.T) {
	require.ErrorIs(t, passingReport().WriteReport(fullDisk{}), errFull)
	require.ErrorIs(t, Skip("bitwise", "").WriteReport(fullDisk{}), errFull)
}
