package toolchain

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// passes lowers the emitted text to the LLVM dialect. The same string works on
// LLVM 19 and 22. Three rounds of drop-equivalent-buffer-results follow the
// depth of the calls: entry, core, layer.
const passes = "builtin.module(" +
	"empty-tensor-to-alloc-tensor," +
	"one-shot-bufferize{bufferize-function-boundaries=true function-boundary-type-conversion=identity-layout-map}," +
	"canonicalize," +
	"drop-equivalent-buffer-results,drop-equivalent-buffer-results,drop-equivalent-buffer-results," +
	"canonicalize,cse,buffer-deallocation-pipeline,canonicalize,cse," +
	"func.func(convert-linalg-to-loops)," +
	"expand-strided-metadata,lower-affine,canonicalize,cse,loop-invariant-code-motion," +
	"convert-scf-to-cf,convert-math-to-llvm,convert-math-to-libm,convert-arith-to-llvm,convert-index-to-llvm," +
	"finalize-memref-to-llvm{use-aligned-alloc=true},convert-func-to-llvm,convert-cf-to-llvm," +
	"canonicalize,cse,reconcile-unrealized-casts)"

// driverC is the C program around a compiled module.
//
//go:embed driver/driver.c
var driverC string

// Options of code generation. Neither changes the bits of a result: no
// fast-math and no contraction is ever asked for.
type Options struct {
	Level string // "2" or "3"
	CPU   string // "native", or a name that LLVM knows: "x86-64-v3", "neoverse-v1"
}

// Verify parses the MLIR file and runs the verifier of every operation.
func (tc *Toolchain) Verify(ctx context.Context, mlirFile string) error {
	if _, err := run(ctx, nil, tc.mlirOpt, "--verify-each", mlirFile, "-o", os.DevNull); err != nil {
		return fmt.Errorf("toolchain: %w", err)
	}
	return nil
}

// Lower takes the MLIR file to the LLVM dialect (dialectFile) and to LLVM IR
// (llFile), both as text.
func (tc *Toolchain) Lower(ctx context.Context, mlirFile, dialectFile, llFile string) error {
	err := replace(dialectFile, func(tmp string) error {
		_, err := run(ctx, scratch(tmp), tc.mlirOpt, "--verify-each", "--pass-pipeline="+passes, mlirFile, "-o", tmp)
		return err
	})
	if err != nil {
		return err
	}
	return replace(llFile, func(tmp string) error {
		_, err := run(ctx, scratch(tmp), tc.mlirTranslate, "--mlir-to-llvmir", dialectFile, "-o", tmp)
		return err
	})
}

// Compile takes LLVM IR to an object of position-independent code for this
// machine.
func (tc *Toolchain) Compile(ctx context.Context, llFile, objFile string, o Options) error {
	if o.Level != "2" && o.Level != "3" {
		return fmt.Errorf("toolchain: optimisation level %q is not 2 or 3", o.Level)
	}
	if o.CPU == "" {
		return fmt.Errorf("toolchain: no CPU named")
	}
	return replace(objFile, func(tmp string) error {
		if tc.clang == "" {
			return tc.optLLC(ctx, llFile, tmp, o)
		}
		_, err := run(ctx, scratch(tmp), tc.clang, "-O"+o.Level, clangCPU(o.CPU), "-fPIC", "-ffp-contract=off",
			"-Wno-override-module", "-c", "-x", "ir", llFile, "-o", tmp)
		return err
	})
}

// clangCPU returns clang's flag for the CPU, which is spelled by architecture.
func clangCPU(cpu string) string {
	if runtime.GOARCH == "amd64" {
		return "-march=" + cpu
	}
	return "-mcpu=" + cpu
}

// optLLC generates code without clang. The triple matters: emitted LLVM IR has
// none, and without one the optimiser knows no vector registers.
func (tc *Toolchain) optLLC(ctx context.Context, llFile, objFile string, o Options) error {
	bitcode := filepath.Join(filepath.Dir(objFile), "optimised.bc")
	target := []string{"-O" + o.Level, "-mcpu=" + o.CPU, "-mtriple=" + tc.triple}
	args := append(target, llFile, "-o", bitcode)
	if _, err := run(ctx, scratch(objFile), tc.opt, args...); err != nil {
		return err
	}
	args = append(target, "-fp-contract=off", "-relocation-model=pic", "-filetype=obj", bitcode, "-o", objFile)
	_, err := run(ctx, scratch(objFile), tc.llc, args...)
	return err
}

// Link makes an executable for [Start] from an object and the driver, which is
// compiled for the module's ABI.
func (tc *Toolchain) Link(ctx context.Context, objFile, exeFile string, abi ABI) error {
	if err := abi.check(); err != nil {
		return err
	}
	if !canExecute {
		return errCannotExecute()
	}
	return replace(exeFile, func(tmp string) error {
		driver := filepath.Join(filepath.Dir(tmp), "driver.c")
		if err := os.WriteFile(driver, []byte(driverC), 0o666); err != nil {
			return err
		}
		args := append([]string{"-std=c11", "-O2"}, abi.macros()...)
		args = append(args, driver, objFile, "-o", tmp, "-lm")
		_, err := run(ctx, scratch(tmp), tc.cc, args...)
		if err != nil && strings.Contains(err.Error(), "_mlir_ciface_") {
			return fmt.Errorf("%w\nthe module lacks an entry that its ABI promises", err)
		}
		return err
	})
}
