package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/config"
)

// groqFlags say how the Groq API is reached. A flag that is not given has the
// value of the environment, else of the configuration file, else its default:
// see resolve.
type groqFlags struct {
	keyFile, baseURL, proxy, model string

	modelSetting                  string // where model comes from if it is not given
	headers                       []string
	maxRetries                    int
	maxWait, timeout, idleTimeout time.Duration

	noRetries bool // of the client: the verb sees to them
}

// register adds the flags to a verb and the verbs below it.
func (f *groqFlags) register(cmd *cobra.Command) {
	retry := groqclient.DefaultRetryPolicy()
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.keyFile, "api-key-file", "", "`file` that holds the API key (-: stdin), instead of GROQ_API_KEY or 'lpuctl login'")
	flags.StringVar(&f.baseURL, "base-url", groqclient.DefaultBaseURL, "`URL` of the server, as https://host or https://host/path/v1")
	flags.StringArrayVar(&f.headers, "header", nil, "`header` of every request, as \"Name: value\" (repeatable)")
	flags.StringVar(&f.proxy, "proxy", "", "proxy `URL` (default: HTTPS_PROXY and its kin)")
	flags.IntVar(&f.maxRetries, "max-retries", retry.MaxRetries, "attempts after the first one")
	flags.DurationVar(&f.maxWait, "max-wait", retry.MaxWait, "longest wait of a rate limit that is obeyed; a longer one fails at once")
	flags.DurationVar(&f.timeout, "timeout", 3*time.Minute, "longest wait for an answer to begin; an active stream has no limit")
	flags.DurationVar(&f.idleTimeout, "idle-timeout", time.Minute, "longest silence within an answer")
}

// registerModel adds -m to a verb. Without it the model is that of the named
// setting: chat, embeddings and audio have models of their own.
func (f *groqFlags) registerModel(cmd *cobra.Command, setting string) {
	f.modelSetting = setting
	cmd.PersistentFlags().StringVarP(&f.model, "model", "m", "",
		"`id` of the model (default: that of 'lpuctl config get "+setting+"')")
	_ = cmd.RegisterFlagCompletionFunc("model", completeGroqModels) // fails only for an unknown flag
}

// A setting can be set in the configuration file. If there is a flag of its
// name, it takes the place of the flag.
type setting struct {
	name     string
	variable string // environment variable that goes before the file
	secret   bool
}

// settings are all that the configuration file may hold.
func settings() []setting {
	return []setting{
		{"api-key", "GROQ_API_KEY", true},
		{"base-url", "GROQ_BASE_URL", false},
		{"header", "GROQ_CUSTOM_HEADERS", true},
		{"embed-model", "", false},
		{"idle-timeout", "", false},
		{"max-retries", "", false},
		{"max-wait", "", false},
		{"model", "", false},
		{"proxy", "", true},
		{"speak-model", "", false},
		{"timeout", "", false},
		{"transcribe-model", "", false},
	}
}

// outside is the value of the environment, else of the file, and where it was
// found.
func (s setting) outside(cfg *config.Config) (value, source string) {
	if s.variable != "" {
		if v := strings.TrimSpace(os.Getenv(s.variable)); v != "" {
			return v, s.variable
		}
	}
	return cfg.Get(s.name), cfg.Path() + ": " + s.name
}

// configFile is the path of a file beside the configuration file.
func configFile(name string) (string, error) {
	path, err := config.Path()
	return filepath.Join(filepath.Dir(path), name), err
}

// loadConfig reads the configuration file. A name that is no setting is an
// error: it may be a slip.
func loadConfig() (*config.Config, error) {
	path, err := config.Path()
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	for _, name := range cfg.Names() {
		if _, err := settingNamed(name); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return cfg, nil
}

// resolve gives the flags that were not given the values set outside. Not so
// headers, where those of all places count, and the model.
func resolve(flags *pflag.FlagSet, cfg *config.Config) error {
	for _, s := range settings() {
		flag := flags.Lookup(s.name)
		if flag == nil || flag.Changed || s.name == "header" || s.name == "model" {
			continue
		}
		value, source := s.outside(cfg)
		if value == "" {
			continue
		}
		if err := flag.Value.Set(value); err != nil {
			return usagef("%s: %w", source, err)
		}
	}
	return nil
}

// client makes the client that flags, environment and configuration file ask
// for, and settles f.model, which may stay empty. The caller closes the idle
// connections.
func (a *app) client(cmd *cobra.Command, f *groqFlags) (*groqclient.Client, error) {
	cfg, err := loadConfig()
	if err != nil {
		return nil, err
	}
	key, err := a.apiKey(f, cfg)
	if err != nil {
		return nil, err
	}
	return a.clientWithKey(cmd, f, cfg, key)
}

// clientWithKey is client with a key that has been found.
func (a *app) clientWithKey(cmd *cobra.Command, f *groqFlags, cfg *config.Config, key string) (*groqclient.Client, error) {
	if err := resolve(cmd.Flags(), cfg); err != nil {
		return nil, err
	}
	if f.model == "" {
		f.model = cfg.Get(f.modelSetting)
	}
	opts, err := a.clientOptions(f, cfg)
	if err != nil {
		return nil, err
	}
	client, err := groqclient.New(key, opts...)
	switch {
	case errors.Is(err, groqclient.ErrNoKey):
		return nil, &codedError{exitKey, errors.New("no API key: set GROQ_API_KEY, or run `lpuctl login`")}
	case err != nil:
		return nil, usagef("%w", err)
	}
	return client, nil
}

func (a *app) clientOptions(f *groqFlags, cfg *config.Config) ([]groqclient.Option, error) {
	retry := groqclient.DefaultRetryPolicy()
	retry.MaxRetries, retry.MaxWait = f.maxRetries, f.maxWait
	if f.noRetries {
		retry = groqclient.RetryPolicy{}
	}
	opts := []groqclient.Option{
		groqclient.WithUserAgent("lpuctl/" + buildVersion()),
		groqclient.WithBaseURL(f.baseURL),
		groqclient.WithRetry(retry),
		groqclient.WithResponseHeaderTimeout(f.timeout),
		groqclient.WithIdleTimeout(f.idleTimeout),
		groqclient.WithLogger(a.log()),
	}
	if f.proxy != "" {
		opts = append(opts, groqclient.WithProxy(f.proxy))
	}
	headers, err := f.headerSets(cfg)
	for _, h := range headers {
		opts = append(opts, groqclient.WithHeaders(h))
	}
	return opts, err
}

// headerSets are the headers of the file, the environment and the flags; later
// ones replace earlier ones of the same name. Errors show no values.
func (f *groqFlags) headerSets(cfg *config.Config) ([]http.Header, error) {
	var sets []http.Header
	for _, from := range []struct{ source, lines string }{
		{cfg.Path(), cfg.Get("header")},
		{"GROQ_CUSTOM_HEADERS", os.Getenv("GROQ_CUSTOM_HEADERS")},
		{"--header", strings.Join(f.headers, "\n")},
	} {
		h, err := groqclient.ParseHeaders(from.lines)
		if err != nil {
			return nil, usagef("%s: %w", from.source, err)
		}
		sets = append(sets, h)
	}
	return sets, nil
}

// apiKey is that of --api-key-file, else of the environment, else of the
// configuration file. It is never an argument, which other users could see.
func (a *app) apiKey(f *groqFlags, cfg *config.Config) (string, error) {
	if f.keyFile != "" {
		return a.readKey(f.keyFile)
	}
	s, err := settingNamed("api-key")
	if err != nil {
		return "", err
	}
	key, _ := s.outside(cfg)
	return key, nil
}

// readKey reads the file that holds the key, stdin if it is "-".
func (a *app) readKey(path string) (string, error) {
	in := a.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	return keyFrom(in, path)
}

// keyFrom reads a key. Errors name the source and show nothing of it.
func keyFrom(r io.Reader, source string) (string, error) {
	const limit = 4096
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", source, err)
	}
	key := strings.TrimSpace(string(data))
	switch {
	case key == "":
		return "", usagef("%s: holds no API key", source)
	case len(data) > limit || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", usagef("%s: not an API key: one word of at most %d bytes is wanted", source, limit)
	}
	return key, nil
}
