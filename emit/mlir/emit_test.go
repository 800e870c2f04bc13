package mlir_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/emit/mlir"
	"github.com/lpuctl/lpuctl/internal/pack"
	"github.com/lpuctl/lpuctl/ir"
)

var update = flag.Bool("update", false, "rewrite testdata")

func emitText(t testing.TB, m *ir.Module, opts mlir.Options) (string, *mlir.Program) {
	t.Helper()
	plan, err := pack.NewPlan(m)
	require.NoError(t, err)
	var b strings.Builder
	p, err := mlir.Emit(&b, m, plan, opts)
	require.NoError(t, err)
	return b.String(), p
}

// TestToyText keeps the text of the toy module of package ir readable.
func TestToyText(t *testing.T) {
	src, err := os.ReadFile("../../ir/testdata/toy.ir")
	require.NoError(t, err)
	m, err := ir.Parse(string(src))
	require.NoError(t, err)
	for name, opts := range map[string]mlir.Options{"toy": {}, "toy_trace": {Trace: true}} {
		text, _ := emitText(t, m, opts)
		path := "testdata/" + name + ".mlir"
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		golden, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(golden), text)
	}
}
