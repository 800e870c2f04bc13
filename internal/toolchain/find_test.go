package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// stubs makes a folder of shell scripts that only print a version. A name maps
// to what its --version prints; "cc" and "gcc" print as GCC does.
func stubs(t *testing.T, versions map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, version := range versions {
		banner := "LLVM (http://llvm.org/):\n  LLVM version " + version + "\n  Default target: x86_64-pc-linux-gnu"
		switch {
		case strings.HasPrefix(version, "Apple"):
			banner = version
		case strings.HasPrefix(name, "clang"):
			banner = "Debian clang version " + version + " (1~deb12u1)"
		case strings.HasSuffix(name, "cc"):
			banner = name + " (Debian " + version + "-14) " + version
		}
		script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", banner)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o777))
	}
	return dir
}

var findCases = []struct {
	name    string
	path    map[string]string // stubs on PATH
	llvm    map[string]string // stubs in LPUCTL_LLVM
	version string            // found; empty: not found
	tools   string            // names of the tools in use, or of the missing ones
	reason  string            // part of the error
}{
	{
		name:    "plain names",
		path:    map[string]string{"mlir-opt": "19.1.7", "mlir-translate": "19.1.7", "clang": "19.1.7"},
		version: "19.1.7", tools: "mlir-opt mlir-translate clang",
	},
	{
		name: "version 18 is refused",
		path: map[string]string{"mlir-opt": "18.1.8", "mlir-translate": "18.1.8", "clang": "18.1.8"},
		// Its clang could link, but nothing else fits.
		tools: "mlir-opt mlir-translate clang opt llc", reason: "is LLVM 18.1.8, at least 19 is needed",
	},
	{
		name: "the highest suffix wins",
		path: map[string]string{
			"mlir-opt-19": "19.1.7", "mlir-translate-19": "19.1.7", "clang-19": "19.1.7",
			"mlir-opt-21": "21.1.0", "mlir-translate-21": "21.1.0", "clang-21": "21.1.0",
			"mlir-opt": "20.1.0",
		},
		version: "21.1.0", tools: "mlir-opt mlir-translate clang",
	},
	{
		name: "an incomplete release is passed over",
		path: map[string]string{
			"mlir-opt-22": "22.1.8", "clang-22": "22.1.8",
			"mlir-opt-19": "19.1.7", "mlir-translate-19": "19.1.7", "clang-19": "19.1.7",
		},
		version: "19.1.7", tools: "mlir-opt mlir-translate clang",
	},
	{
		name:  "versions do not mix",
		path:  map[string]string{"mlir-opt": "22.1.8", "mlir-translate": "19.1.7", "clang": "22.1.8"},
		tools: "mlir-translate", reason: "is version 19.1.7, not 22 (Debian package mlir-22-tools)",
	},
	{
		name: "without clang",
		path: map[string]string{
			"mlir-opt-22": "22.1.8", "mlir-translate-22": "22.1.8", "opt-22": "22.1.8", "llc-22": "22.1.8", "cc": "12.2.0",
		},
		version: "22.1.8", tools: "mlir-opt mlir-translate opt llc cc",
	},
	{
		name: "clang of another release links",
		path: map[string]string{
			"mlir-opt": "22.1.8", "mlir-translate": "22.1.8", "opt": "22.1.8", "llc": "22.1.8", "clang": "14.0.6",
		},
		version: "22.1.8", tools: "mlir-opt mlir-translate opt llc cc",
	},
	{
		name:  "no C compiler",
		path:  map[string]string{"mlir-opt": "22.1.8", "mlir-translate": "22.1.8", "opt": "22.1.8", "llc": "22.1.8"},
		tools: "clang cc", reason: "none of cc, gcc and clang found (Debian package gcc)",
	},
	{
		name: "Apple's clang is not LLVM's",
		path: map[string]string{
			"mlir-opt": "22.1.8", "mlir-translate": "22.1.8", "clang": "Apple clang version 22.0.0 (clang-2200.0.1)",
		},
		tools: "clang opt llc", reason: "names no version",
	},
	{
		name:    "LPUCTL_LLVM comes before a newer PATH",
		path:    map[string]string{"mlir-opt-22": "22.1.8", "mlir-translate-22": "22.1.8", "clang-22": "22.1.8"},
		llvm:    map[string]string{"mlir-opt": "20.1.0", "mlir-translate": "20.1.0", "clang": "20.1.0"},
		version: "20.1.0", tools: "mlir-opt mlir-translate clang",
	},
	{
		name:  "mlir-opt without a version",
		path:  map[string]string{"mlir-opt": "unknown", "mlir-translate": "22.1.8", "clang": "22.1.8"},
		tools: "mlir-opt", reason: "mlir-opt --version names no version",
	},
	{
		name:  "nothing",
		tools: "mlir-opt mlir-translate clang opt llc cc", reason: "not found (Debian package mlir-22-tools)",
	},
}

func TestFind(t *testing.T) {
	requireShell(t)
	for _, c := range findCases {
		t.Run(c.name, func(t *testing.T) {
			env := map[string]string{"PATH": stubs(t, c.path)}
			if c.llvm != nil {
				env["LPUCTL_LLVM"] = stubs(t, c.llvm)
			}
			tc, err := Find(t.Context(), func(key string) string { return env[key] })
			if c.version != "" {
				require.NoError(t, err)
				require.Equal(t, c.version, tc.Version)
				require.Equal(t, c.tools, names(tc.Tools))
			} else {
				requireMissing(t, err, c.tools, c.reason)
			}
			require.Equal(t, c.version != "", script(t, env) == 0, "scripts/tools.sh agrees")
		})
	}
}

func requireMissing(t *testing.T, err error, tools, reason string) {
	t.Helper()
	var missing *MissingError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, reason)
	require.Contains(t, missing.NotChecked, "that the compiled module gives the reference's bits")
	var absent []Tool
	for _, tool := range missing.Tools {
		require.NotEmpty(t, tool.Package)
		require.Equal(t, tool.Missing == "", tool.Path != "")
		if tool.Missing != "" {
			absent = append(absent, tool)
		}
	}
	require.Equal(t, tools, names(absent))
}

func names(tools []Tool) string {
	var list []string
	for _, tool := range tools {
		list = append(list, tool.Name)
	}
	return strings.Join(list, " ")
}

// script runs scripts/tools.sh where there is no apt-get and returns its exit
// status.
func script(t *testing.T, env map[string]string) int {
	t.Helper()
	path := linkTools(t, []string{"grep", "sed", "id"}) + string(os.PathListSeparator) + env["PATH"]
	cmd := exec.CommandContext(t.Context(), "/bin/sh", filepath.Join("..", "..", "scripts", "tools.sh"))
	cmd.Env = []string{"PATH=" + path, "LPUCTL_LLVM=" + env["LPUCTL_LLVM"]}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	code := cmd.ProcessState.ExitCode()
	if code != 0 {
		require.Equal(t, 4, code, "%s", out)
		require.Contains(t, string(out), "not checked")
	}
	return code
}

func TestToolsOptional(t *testing.T) {
	requireShell(t)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", filepath.Join("..", "..", "scripts", "tools.sh"), "--optional")
	cmd.Env = []string{"PATH=" + linkTools(t, []string{"grep", "sed", "id"})}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(out), "not checked")
}

func TestFindNoSuchFolder(t *testing.T) {
	env := map[string]string{"LPUCTL_LLVM": filepath.Join(t.TempDir(), "absent")}
	_, err := Find(t.Context(), func(key string) string { return env[key] })
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "LPUCTL_LLVM")
}

func TestFindCancelled(t *testing.T) {
	requireShell(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Find(ctx, environ(stubs(t, map[string]string{"mlir-opt": "22.1.8"})))
	require.ErrorIs(t, err, context.Canceled)
}

func requireShell(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("not checked: discovery on stub scripts: no /bin/sh")
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("Debian LLVM version 22.1.8\n  Optimized build.\n  Default target: x86_64-pc-linux-gnu\n")
	f.Add("cc (Debian 12.2.0-14+deb12u1) 12.2.0")
	f.Add("Apple clang version 17.0.0 (clang-1700.0.13.3)")
	f.Fuzz(func(t *testing.T, banner string) {
		version := parseVersion(banner)
		require.Contains(t, banner, version)
		require.GreaterOrEqual(t, Tool{Version: version}.major(), 0)
		require.Contains(t, banner, defaultTarget(banner))
	})
}
