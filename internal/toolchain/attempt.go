package toolchain

import "strings"

// attempt is what was found of one LLVM release. Without clang the last three
// tools take its place.
type attempt struct {
	mlirOpt, mlirTranslate, clang Tool
	opt, llc, cc                  Tool
	llcBanner                     string
}

// tools returns what was looked for, found or not.
func (a *attempt) tools() []Tool {
	tools := []Tool{a.mlirOpt, a.mlirTranslate, a.clang}
	if a.clang.Missing != "" {
		tools = append(tools, a.opt, a.llc, a.cc)
	}
	return tools
}

// missing counts the tools that stand between the attempt and a toolchain.
func (a *attempt) missing() int {
	n := 0
	for _, t := range a.required() {
		if t.Missing != "" {
			n++
		}
	}
	return n
}

func (a *attempt) complete() bool { return a.missing() == 0 }

// required returns the tools that make the release complete.
func (a *attempt) required() []Tool {
	if a.clang.Missing == "" {
		return []Tool{a.mlirOpt, a.mlirTranslate, a.clang}
	}
	return []Tool{a.mlirOpt, a.mlirTranslate, a.opt, a.llc, a.cc}
}

func (a *attempt) toolchain() *Toolchain {
	tc := &Toolchain{
		Version:       a.mlirOpt.Version,
		Tools:         a.required(),
		mlirOpt:       a.mlirOpt.Path,
		mlirTranslate: a.mlirTranslate.Path,
		clang:         a.clang.Path,
		opt:           a.opt.Path,
		llc:           a.llc.Path,
		triple:        defaultTarget(a.llcBanner),
		cc:            a.cc.Path,
	}
	if tc.clang != "" {
		tc.cc = tc.clang
	}
	return tc
}

// MissingError says that no complete LLVM was found.
type MissingError struct {
	Tools      []Tool   // every tool looked for, found or not
	NotChecked []string // what cannot be checked without the missing ones
}

// newMissingError derives from the tools what is not checked.
func newMissingError(tools []Tool) *MissingError {
	e := &MissingError{Tools: tools}
	if tools[0].Missing != "" {
		e.NotChecked = append(e.NotChecked, "that MLIR's verifier accepts the emitted text")
	}
	if tools[0].Missing != "" || tools[1].Missing != "" {
		e.NotChecked = append(e.NotChecked, "that the emitted text lowers to LLVM IR")
	}
	e.NotChecked = append(e.NotChecked, "that the compiled module gives the reference's bits")
	return e
}

// Error names the missing tools, their packages and what is not checked.
func (e *MissingError) Error() string {
	var missing []string
	for _, t := range e.Tools {
		if t.Missing != "" {
			missing = append(missing, t.String())
		}
	}
	return "toolchain: no complete LLVM: " + strings.Join(missing, "; ") +
		"; not checked: " + strings.Join(e.NotChecked, "; ")
}
