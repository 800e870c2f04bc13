package toolchain

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Tool is one external program: where it was found, or why it is missing.
type Tool struct {
	Name    string // without a version suffix: "mlir-opt"
	Path    string // empty when the tool is missing
	Version string // "22.1.8"; empty when the tool is missing
	Missing string // why the tool cannot be used; empty when it can
	Package string // Debian package that brings it: "mlir-22-tools"
}

// String returns a line for a person: name, version and path, or the reason
// and the package.
func (t Tool) String() string {
	if t.Missing != "" {
		return fmt.Sprintf("%s: missing: %s (Debian package %s)", t.Name, t.Missing, t.Package)
	}
	return fmt.Sprintf("%s %s: %s", t.Name, t.Version, t.Path)
}

// major returns the major version, or 0.
func (t Tool) major() int {
	text, _, _ := strings.Cut(t.Version, ".")
	n, _ := strconv.Atoi(text)
	return n
}

// probe asks the program at path for its version and returns what it printed
// too. A program that runs but names no version keeps its path.
func probe(ctx context.Context, name, path string) (t Tool, banner string) {
	t = Tool{Name: name}
	out, err := run(ctx, nil, path, "--version")
	if err != nil {
		t.Missing = fmt.Sprintf("%s --version fails: %v", path, err)
		return t, ""
	}
	t.Path, t.Version = path, parseVersion(out)
	if t.Version == "" {
		t.Missing = fmt.Sprintf("%s --version names no version", path)
	}
	return t, out
}

// parseVersion returns the first dotted number of a version banner, or "".
// Apple numbers its own clang differently from LLVM, so that one has none.
func parseVersion(banner string) string {
	if strings.Contains(banner, "Apple") {
		return ""
	}
	return regexp.MustCompile(`[0-9]+\.[0-9]+(\.[0-9]+)?`).FindString(banner)
}

// defaultTarget returns the triple of a "Default target: TRIPLE" line, which
// opt and llc print with their version, or "".
func defaultTarget(banner string) string {
	_, rest, _ := strings.Cut(banner, "Default target:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// executable returns the path of the program name in dir, or "". Folders of
// PATH that are not absolute are skipped.
func executable(dir, name string) string {
	if !filepath.IsAbs(dir) {
		return ""
	}
	path, err := exec.LookPath(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return path
}
