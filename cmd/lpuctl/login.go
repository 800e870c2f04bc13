package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lpuctl/lpuctl/internal/config"
)

func newLogin(a *app) *cobra.Command {
	var f groqFlags
	var noCheck bool
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Keep the key of the Groq API in the configuration file",
		Long: `Keep the key of the Groq API in the configuration file, which only its owner may read.
The key is read from the terminal without showing it, or from stdin, or from --api-key-file. It is kept once
the server has accepted it.`,
		Example: "  lpuctl login\n  lpuctl login --no-check < key.txt",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.login(cmd, &f, noCheck) },
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&noCheck, "no-check", false, "do not ask the server whether it accepts the key")
	return cmd
}

func (a *app) login(cmd *cobra.Command, f *groqFlags, noCheck bool) error {
	cfg, err := loadConfig()
	if err != nil {
		return err
	}
	key, err := a.newKey(cmd.Context(), f)
	if err != nil {
		return err
	}
	if !noCheck {
		if err := a.checkKey(cmd, f, cfg, key); err != nil {
			return err
		}
	}
	cfg.Set("api-key", key)
	if err := cfg.Save(); err != nil {
		return err
	}
	if !a.quiet {
		fmt.Fprintf(a.err, "the key is kept in %s\n", cfg.Path())
		if strings.TrimSpace(os.Getenv("GROQ_API_KEY")) != "" {
			fmt.Fprintln(a.err, "note: GROQ_API_KEY is set and goes before it")
		}
	}
	return nil
}

// newKey reads the key to keep.
func (a *app) newKey(ctx context.Context, f *groqFlags) (string, error) {
	in, isFile := a.in.(*os.File)
	switch {
	case f.keyFile != "":
		return a.readKey(f.keyFile)
	case !isFile || !terminal(in):
		return keyFrom(a.in, "stdin")
	}
	line, err := readHidden(ctx, in, a.err, "API key: ")
	if err != nil {
		return "", err
	}
	return keyFrom(strings.NewReader(line), "terminal")
}

// readHidden asks for a line on a terminal and does not show what is typed, not
// even what is typed ahead of the prompt. An interruption leaves the terminal
// as it was; the reader is then left behind.
func readHidden(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	fd := int(in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	type read struct {
		line string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		screen := term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{in, out}, "")
		line, err := screen.ReadPassword(prompt)
		done <- read{line, err}
	}()
	select {
	case r := <-done:
		if r.err == io.EOF { // Ctrl-C or Ctrl-D
			r.err = context.Canceled
			fmt.Fprint(out, "\r\n")
		}
		return r.line, errors.Join(r.err, term.Restore(fd, before))
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}

// checkKey asks the server for its models, which costs nothing.
func (a *app) checkKey(cmd *cobra.Command, f *groqFlags, cfg *config.Config, key string) error {
	client, err := a.clientWithKey(cmd, f, cfg, key)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	models, err := client.Models(cmd.Context())
	if err != nil {
		return fmt.Errorf("the key is not kept: %w", err)
	}
	if err := keepModelIDs(models); err != nil {
		a.log().Warn("the ids are not kept for completion", "error", err)
	}
	return nil
}
