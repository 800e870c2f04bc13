package toolchain

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// faults misbehaves at position 3, in a way that the token chooses: 0 stores to
// address 8, 1 stores to the weights, 2 aborts, 3 never returns. Elsewhere it
// returns without results. The store in the loop keeps MLIR from dropping it.
const faults = `
func.func private @abort()

func.func @decode(%tokens: memref<1xi32>, %pos: index, %weights: memref<32xi8>, %kcache: memref<1x1x2x8xf32>, %vcache: memref<1x8x1x2xf32>, %logits: memref<1x4xf32>) attributes {llvm.emit_c_interface} {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i8
  %f = arith.constant 1.0 : f32
  %here = arith.cmpi eq, %pos, %c3 : index
  scf.if %here {
    %token = memref.load %tokens[%c0] : memref<1xi32>
    %case = arith.index_cast %token : i32 to index
    scf.index_switch %case
    case 0 {
      %a = llvm.mlir.constant(8 : i64) : i64
      %p = llvm.inttoptr %a : i64 to !llvm.ptr
      llvm.store volatile %a, %p : i64, !llvm.ptr
      scf.yield
    }
    case 1 {
      memref.store %one, %weights[%c0] : memref<32xi8>
      scf.yield
    }
    case 2 {
      func.call @abort() : () -> ()
      scf.yield
    }
    default {
      scf.while : () -> () {
        %t = memref.load %tokens[%c0] : memref<1xi32>
        %more = arith.cmpi sge, %t, %zero : i32
        scf.condition(%more)
      } do {
        memref.store %f, %logits[%c0, %c0] : memref<1x4xf32>
        scf.yield
      }
    }
  }
  return
}
`

func TestFaults(t *testing.T) {
	t.Parallel()
	tc := installed(t)
	abi := toyABI(false)
	abi.Chunk = 0
	exe, weights := build(t, tc, faults, abi), toyWeightsFile(t)

	for token, signal := range []string{"SIGSEGV", "SIGSEGV", "SIGABRT"} {
		t.Run(fmt.Sprint("crash ", token), func(t *testing.T) {
			checkCrash(t, start(t, t.Context(), exe, weights, abi), int32(token), signal)
		})
	}
	t.Run("hang, the context ends", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		p := start(t, ctx, exe, weights, abi)
		_, err := p.Decode(3, 3)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "decode at position 3")
		require.NotNil(t, p.cmd.ProcessState, "reaped")
	})
	t.Run("hang, the parent goes away", func(t *testing.T) {
		p := start(t, t.Context(), exe, weights, abi)
		_, err := p.stdin.Write(request{opDecode, 3, []int32{3}}.encode())
		require.NoError(t, err)
		require.NoError(t, p.stdin.Close())
		<-p.exited
		require.Equal(t, 1, p.cmd.ProcessState.ExitCode())
	})
	t.Run("unwritten results are NaN", func(t *testing.T) {
		p := start(t, t.Context(), exe, weights, abi)
		logits, err := p.Decode(0, 0)
		require.NoError(t, err)
		for _, x := range logits {
			require.True(t, math.IsNaN(float64(x)), "%g", x)
		}
		_, err = p.Prefill([]int32{0, 0}, 0)
		require.ErrorContains(t, err, "no prefill entry")
	})
	t.Run("the entry that the ABI promises is missing", func(t *testing.T) {
		obj := strings.TrimSuffix(exe, ".exe") + ".o"
		err := tc.Link(t.Context(), obj, exe+"2", toyABI(false))
		require.ErrorContains(t, err, "_mlir_ciface_prefill")
		require.ErrorContains(t, err, "lacks an entry")
		require.NoFileExists(t, exe+"2")
	})
}

func checkCrash(t *testing.T, p *Process, token int32, signal string) {
	_, err := p.Decode(token, 3)
	require.ErrorContains(t, err, "m.exe: decode at position 3: the compiled code ended by "+signal)
	_, again := p.Decode(token, 3)
	require.Equal(t, err, again)
	require.Equal(t, err, p.Reset())
	require.NoError(t, p.Close(), "told already")
}

func TestExecutable(t *testing.T) {
	t.Parallel()
	tc := installed(t)
	abi := toyABI(false)
	exe := build(t, tc, toyText(t, abi), abi)
	t.Run("linked again, same bytes", func(t *testing.T) { checkLinkedAgain(t, tc, exe, abi) })
	t.Run("start refuses", func(t *testing.T) { checkStartRefuses(t, exe, abi) })
	t.Run("calls are refused", func(t *testing.T) { checkCallRefuses(t, exe, abi) })
	t.Run("the driver refuses too", func(t *testing.T) { checkDriver(t, exe) })
}

func checkLinkedAgain(t *testing.T, tc *Toolchain, exe string, abi ABI) {
	require.NoError(t, tc.Link(t.Context(), strings.TrimSuffix(exe, ".exe")+".o", exe+"2", abi))
	a, err := os.ReadFile(exe)
	require.NoError(t, err)
	b, err := os.ReadFile(exe + "2")
	require.NoError(t, err)
	require.Equal(t, a, b)
}

func checkStartRefuses(t *testing.T, exe string, abi ABI) {
	_, err := Start(t.Context(), exe, writeFile(t, "short.bin", "1234"), abi)
	require.ErrorContains(t, err, "short.bin: 4 bytes, the module wants 32")

	_, err = Start(t.Context(), exe, "absent.bin", abi)
	require.ErrorContains(t, err, "absent.bin: No such file")

	_, err = Start(t.Context(), exe+".absent", toyWeightsFile(t), abi)
	require.ErrorIs(t, err, os.ErrNotExist)

	traced := toyABI(true)
	_, err = Start(t.Context(), exe, toyWeightsFile(t), traced)
	require.ErrorContains(t, err, "linked for the ABI [2 4 1 1 2 8 1 8 1 2 32 0 0]")

	_, err = Start(t.Context(), "/bin/echo", toyWeightsFile(t), abi)
	require.ErrorContains(t, err, "no greeting")
}

func checkCallRefuses(t *testing.T, exe string, abi ABI) {
	p := start(t, t.Context(), exe, toyWeightsFile(t), abi)

	_, err := p.Prefill([]int32{1}, 0)
	require.ErrorContains(t, err, "prefill takes 2 tokens, not 1")
	_, err = p.Prefill([]int32{1, 2}, 7)
	require.ErrorContains(t, err, "2 tokens at position 7: the cache holds 8 positions")
	_, err = p.Decode(0, -1)
	require.ErrorContains(t, err, "position -1")
	_, err = p.Decode(4, 0)
	require.ErrorContains(t, err, "token 4 is not in a vocabulary of 4")
	_, err = p.Decode(3, 7)
	require.NoError(t, err, "refused calls leave the child alive")
}

// checkDriver sends the driver what the Go side never would.
func checkDriver(t *testing.T, exe string) {
	for _, c := range []struct {
		input   []byte
		message string
	}{
		{request{op: 9}.encode(), "unknown request 9"},
		{request{opPrefill, 7, []int32{0, 0}}.encode(), "2 tokens at position 7: the cache holds 8 positions"},
		{request{opDecode, math.MaxInt64, []int32{0}}.encode(), "position 9223372036854775807"},
		{request{opDecode, -1, []int32{0}}.encode(), "position -1"},
		{request{opDecode, 0, []int32{0, 0}}.encode(), "2 tokens, the entry takes 1"},
		{request{opDecode, 0, []int32{-1}}.encode(), "token -1 is not in a vocabulary of 4"},
		{request{opDecode, 0, []int32{4}}.encode(), "token 4 is not"},
		{request{opDecode, 0, []int32{0}}.encode()[:24], "request without its tokens"},
		{request{opDecode, 0, []int32{0}}.encode()[:26], "request ends after 2 of 4 bytes"},
		{make([]byte, 7), "request ends after 7 of 24 bytes"},
	} {
		var stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), exe, toyWeightsFile(t))
		cmd.Stdin, cmd.Stderr = bytes.NewReader(c.input), &stderr
		require.Error(t, cmd.Run())
		require.Equal(t, 1, cmd.ProcessState.ExitCode(), c.message)
		require.Contains(t, stderr.String(), c.message)
	}
}

func TestABICheck(t *testing.T) {
	for message, change := range map[string]func(*ABI){
		"chunk of 9 tokens for 8 positions":   func(a *ABI) { a.Chunk = 9 },
		"chunk of -1 tokens":                  func(a *ABI) { a.Chunk = -1 },
		"vocabulary of 0":                     func(a *ABI) { a.Vocab = 0 },
		"K cache [0 1 2 8]":                   func(a *ABI) { a.KCache[0] = 0 },
		"K cache [1 1 1152921504606846976 8]": func(a *ABI) { a.KCache[2] = 1 << 60 },
		"does not match V cache [1 8 1 3]":    func(a *ABI) { a.VCache[3] = 3 },
		"weights of 0 bytes":                  func(a *ABI) { a.Weights = 0 },
		"traces of 0 (prefill) and 5":         func(a *ABI) { a.TraceDecode = 5 },
		"traces of 5 (prefill) and 0":         func(a *ABI) { a.TracePrefill = 5 },
	} {
		abi := toyABI(false)
		require.NoError(t, abi.check())
		change(&abi)
		require.ErrorContains(t, abi.check(), message)
		_, err := Start(t.Context(), "absent", "absent", abi)
		require.ErrorContains(t, err, message)
	}
}

func FuzzReadReply(f *testing.F) {
	reply := func(ns, count int64, floats ...float32) []byte {
		var b bytes.Buffer
		for _, v := range []any{ns, count, floats} {
			if err := binary.Write(&b, binary.NativeEndian, v); err != nil {
				f.Fatal(err)
			}
		}
		return b.Bytes()
	}
	f.Add(reply(5, 2, 1, 2), 2)
	f.Add(reply(5, 2, 1), 2)
	f.Add(reply(-5, 0), 0)
	f.Add(reply(5, math.MaxInt64), 3)
	f.Fuzz(func(t *testing.T, b []byte, want int) {
		want = min(max(want, 0), 1<<16)
		_, floats, err := readReply(bytes.NewReader(b), want)
		if err == nil {
			require.Equal(t, fmt.Sprint(b[16:16+4*want]), fmt.Sprint(request{tokens: bitsOf(floats)}.encode()[24:]))
		}
	})
}

// bitsOf reinterprets floats as integers of the same bits.
func bitsOf(floats []float32) []int32 {
	out := make([]int32, len(floats))
	for i, x := range floats {
		out[i] = int32(math.Float32bits(x))
	}
	return out
}
