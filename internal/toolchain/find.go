package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

const (
	oldestMajor = 19 // the emitted text needs at least this LLVM
	newestMajor = 22 // the newest version suffix looked for; plain names may be newer
)

// Toolchain is a set of tools of one LLVM release that takes MLIR to an
// executable.
type Toolchain struct {
	Version string // of LLVM: "22.1.8"
	Tools   []Tool // the tools in use, in order of use

	mlirOpt, mlirTranslate string
	clang                  string // empty: opt and llc generate code
	opt, llc, triple       string
	cc                     string // links; clang when there is one
}

// Find looks for an LLVM release that is complete: mlir-opt, mlir-translate and
// a code generator of one major version, at least 19. The code generator is
// clang, or opt and llc with any C compiler to link.
//
// The folder in LPUCTL_LLVM (its bin, or itself) comes first, then PATH; in
// each, names with a version suffix (highest first) come before plain ones.
// Without a complete release the error is a [*MissingError].
func Find(ctx context.Context, getenv func(string) string) (*Toolchain, error) {
	s, err := newSearch(getenv)
	if err != nil {
		return nil, err
	}
	var best *attempt
	for _, path := range s.mlirOpts() {
		a := s.try(ctx, path)
		if a.complete() {
			return a.toolchain(), nil
		}
		if best == nil || a.missing() < best.missing() {
			best = a
		}
	}
	if best == nil {
		best = s.try(ctx, "")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("toolchain: looking for LLVM: %w", err)
	}
	return nil, newMissingError(best.tools())
}

// search is the folders to look in: places by priority.
type search struct{ places [][]string }

func newSearch(getenv func(string) string) (*search, error) {
	path := filepath.SplitList(getenv("PATH"))
	root := getenv("LPUCTL_LLVM")
	if root == "" {
		return &search{[][]string{path}}, nil
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("toolchain: LPUCTL_LLVM: %w", err)
	}
	if _, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("toolchain: LPUCTL_LLVM: %w", err)
	}
	return &search{[][]string{{filepath.Join(root, "bin"), root}, path}}, nil
}

// paths returns every program of one of the names: by place, then by name,
// then by folder.
func (s *search) paths(names ...string) []string {
	var paths []string
	for _, dirs := range s.places {
		for _, name := range names {
			for _, dir := range dirs {
				if path := executable(dir, name); path != "" {
					paths = append(paths, path)
				}
			}
		}
	}
	return paths
}

// mlirOpts returns every mlir-opt there is, in order of preference. Each leads
// to a release that may or may not be complete.
func (s *search) mlirOpts() []string {
	var names []string
	for major := newestMajor; major >= oldestMajor; major-- {
		names = append(names, suffixed("mlir-opt", major))
	}
	return s.paths(append(names, "mlir-opt")...)
}

// try completes the release that the mlir-opt at path belongs to; an empty
// path stands for no mlir-opt at all.
func (s *search) try(ctx context.Context, path string) *attempt {
	a := &attempt{mlirOpt: acceptMLIROpt(ctx, path)}
	major := newestMajor // what to look for and to advise when there is no mlir-opt
	if a.mlirOpt.Missing == "" {
		major = a.mlirOpt.major()
	}
	a.mlirOpt.Package = llvmPackage("mlir-opt", major)
	a.mlirTranslate, _ = s.release(ctx, "mlir-translate", major)
	a.clang, _ = s.release(ctx, "clang", major)
	if a.clang.Missing == "" {
		return a
	}
	a.opt, _ = s.release(ctx, "opt", major)
	a.llc, a.llcBanner = s.release(ctx, "llc", major)
	a.cc = s.compiler(ctx)
	return a
}

// acceptMLIROpt returns the mlir-opt at path, missing when it is too old.
func acceptMLIROpt(ctx context.Context, path string) Tool {
	if path == "" {
		return Tool{Name: "mlir-opt", Missing: "not found"}
	}
	t, _ := probe(ctx, "mlir-opt", path)
	switch {
	case t.Missing != "":
		return Tool{Name: t.Name, Missing: t.Missing}
	case t.major() < oldestMajor:
		return Tool{Name: t.Name, Missing: fmt.Sprintf("%s is LLVM %s, at least %d is needed", path, t.Version, oldestMajor)}
	}
	return t
}

// release finds the tool of one major version of LLVM and its version banner.
func (s *search) release(ctx context.Context, name string, major int) (Tool, string) {
	missing := Tool{Name: name, Missing: fmt.Sprintf("no version %d found", major), Package: llvmPackage(name, major)}
	for _, path := range s.paths(suffixed(name, major), name) {
		t, banner := probe(ctx, name, path)
		t.Package = missing.Package
		switch {
		case t.Missing != "":
			missing.Missing = t.Missing
		case t.major() != major:
			missing.Missing = fmt.Sprintf("%s is version %s, not %d", path, t.Version, major)
		default:
			return t, banner
		}
	}
	return missing, ""
}

// compiler finds a C compiler of any version, for linking.
func (s *search) compiler(ctx context.Context) Tool {
	for _, path := range s.paths("cc", "gcc", "clang") {
		if t, _ := probe(ctx, "cc", path); t.Path != "" {
			return Tool{Name: "cc", Path: path, Version: t.Version, Package: "gcc"}
		}
	}
	return Tool{Name: "cc", Missing: "none of cc, gcc and clang found", Package: "gcc"}
}

func suffixed(name string, major int) string { return fmt.Sprintf("%s-%d", name, major) }

// llvmPackage returns the Debian package of a tool of one LLVM version.
func llvmPackage(name string, major int) string {
	switch name {
	case "mlir-opt", "mlir-translate":
		return fmt.Sprintf("mlir-%d-tools", major)
	case "clang":
		return suffixed("clang", major)
	}
	return suffixed("llvm", major)
}
