// Package toolchain finds LLVM's command line tools, runs them over emitted
// MLIR, and runs the resulting executable in a child process.
//
// The stages are those of MLIR's own documentation: mlir-opt verifies and
// lowers to the LLVM dialect, mlir-translate prints LLVM IR, clang (or opt and
// llc) generates an object, and a C compiler links it with an embedded driver.
// A compiled module is native code that nobody has proved correct: it runs in
// its own process, where a crash or a hang becomes an error of ours.
//
// The package knows nothing of the graph or of how the MLIR was emitted. What
// the two sides share is the [ABI].
package toolchain
