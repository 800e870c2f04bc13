package toolchain

import (
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVerifyDiagnostics(t *testing.T) {
	t.Parallel()
	tc := installed(t)
	mlir := writeFile(t, "bad.mlir", "func.func @f(%x: f32) -> f32 {\n  %y = arith.addf %x, %z : f32\n  return %y : f32\n}\n")
	err := tc.Verify(t.Context(), mlir)
	require.ErrorContains(t, err, "bad.mlir:2:23: error: use of undeclared SSA value name")
	require.ErrorContains(t, err, "--verify-each")
	dir := filepath.Dir(mlir)
	require.Error(t, tc.Lower(t.Context(), mlir, filepath.Join(dir, "bad.llvm.mlir"), filepath.Join(dir, "bad.ll")))
	requireOnly(t, dir, "bad.mlir")
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	tc := installed(t)
	ll := writeFile(t, "m.ll", "define void @f() { ret void }\n")
	obj := filepath.Join(filepath.Dir(ll), "m.o")
	require.ErrorContains(t, tc.Compile(t.Context(), ll, obj, Options{Level: "fast", CPU: "native"}), `level "fast" is not 2 or 3`)
	require.ErrorContains(t, tc.Compile(t.Context(), ll, obj, Options{Level: "2"}), "no CPU named")
	require.ErrorContains(t, tc.Compile(t.Context(), ll, obj, Options{Level: "2", CPU: "x86_64-v3"}), "x86_64-v3")
	bad := writeFile(t, "bad.ll", "define void @f() { ret i32 }\n")
	require.ErrorContains(t, tc.Compile(t.Context(), bad, obj, Options{Level: "2", CPU: "native"}), "bad.ll:1:")
	requireOnly(t, filepath.Dir(ll), "m.ll")
}

// No code generator fuses a multiplication with an addition, on a CPU that has
// the instruction.
func TestNoContraction(t *testing.T) {
	t.Parallel()
	objdump, err := exec.LookPath("objdump")
	if err != nil || runtime.GOARCH != "amd64" {
		t.Skip("not checked: that no multiply-add is fused: no objdump or not an x86-64")
	}
	text := `define void @f(ptr %p) {
  %a = load <8 x float>, ptr %p
  %m = fmul <8 x float> %a, %a
  %s = fadd <8 x float> %m, %a
  store <8 x float> %s, ptr %p
  ret void
}`
	ll := writeFile(t, "m.ll", text)
	for name, tc := range toolchains(t) {
		obj := filepath.Join(t.TempDir(), "m.o")
		require.NoError(t, tc.Compile(t.Context(), ll, obj, Options{Level: "3", CPU: "x86-64-v3"}))
		out, err := exec.CommandContext(t.Context(), objdump, "-d", obj).Output()
		require.NoError(t, err)
		require.Contains(t, string(out), "vmulps", name)
		require.NotRegexp(t, regexp.MustCompile("vfn?m(add|sub)"), string(out), name)
	}
}

func TestDriverCompilesWithoutWarnings(t *testing.T) {
	t.Parallel()
	tc := installed(t)
	for _, abi := range []ABI{toyABI(false), toyABI(true)} {
		args := append(abi.macros(), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "driver/driver.c")
		_, err := run(t.Context(), nil, tc.cc, args...)
		require.NoError(t, err)
	}
}

func TestCancelledStage(t *testing.T) {
	t.Parallel()
	tc := installed(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, tc.Verify(ctx, filepath.Join("testdata", "toy.mlir.tmpl")), context.Canceled)
}

func TestHead(t *testing.T) {
	var h head
	n, err := h.Write([]byte(strings.Repeat("x", maxDiagnostics+1)))
	require.NoError(t, err)
	require.Equal(t, maxDiagnostics+1, n)
	require.Equal(t, strings.Repeat("x", maxDiagnostics)+"\n[...]", h.String())
}

func TestQuote(t *testing.T) {
	require.Equal(t, `a '--p=x(y)' 'it'\''s' ''`, quote([]string{"a", "--p=x(y)", "it's", ""}))
}
