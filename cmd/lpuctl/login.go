package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	fmt.Fprint(a.err, "API key: ")
	line, err := readHidden(ctx, int(in.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return "", err
	}
	return keyFrom(bytes.NewReader(line), "terminal")
}

// readHidden reads a line from a terminal that does not show it. An
// interruption leaves the terminal as it was; the reader is then left behind.
func readHidden(ctx context.Context, fd int) ([]byte, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	type read struct {
		line []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		line, err := term.ReadPassword(fd)
		done <- read{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), term.Restore(fd, before))
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
		a.logger().Warn("the ids are not kept for completion", "error", err)
	}
	return nil
}
