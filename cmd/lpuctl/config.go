package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/config"
)

func newConfig(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Read and change the configuration file",
		Long: `Read and change the configuration file. A setting stands for the flag of its name; the flag goes before the
environment, the environment before the file. The key is set by ` + "`lpuctl login`" + `.`,
		Example: "  lpuctl config set model openai/gpt-oss-20b\n  lpuctl config get",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usagef("%s: which of its verbs?", cmd.CommandPath())
		},
	}
	cmd.AddCommand(newConfigGet(a), newConfigSet(a), newConfigPath(a))
	return cmd
}

func newConfigGet(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:               "get [NAME]",
		Short:             "Print a setting, or all; secrets are not shown",
		Example:           "  lpuctl config get model\n  lpuctl config get -o json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSettings,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			cfg, err := loadConfig()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return a.printSetting(cfg, args[0], output)
			}
			return a.printSettings(cfg, output)
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

// printSetting prints one value; a setting that is not set is an error.
func (a *app) printSetting(cfg *config.Config, name, output string) error {
	s, err := settingNamed(name)
	if err != nil {
		return err
	}
	value := s.shown(cfg)
	if value == "" {
		return fmt.Errorf("%s is not set", name)
	}
	return a.printAnswer(value, output)
}

func (a *app) printSettings(cfg *config.Config, output string) error {
	values := map[string]string{}
	for _, s := range settings() {
		value := s.shown(cfg)
		if value == "" {
			continue
		}
		values[s.name] = value
		if output == "text" {
			if _, err := fmt.Fprintf(a.out, "%s = %s\n", s.name, strings.ReplaceAll(value, "\n", "; ")); err != nil {
				return err
			}
		}
	}
	if output == "json" {
		return writeJSON(a.out, values)
	}
	return nil
}

// shown is the value that may be printed.
func (s setting) shown(cfg *config.Config) string {
	value := cfg.Get(s.name)
	if s.secret && value != "" {
		return "[redacted]"
	}
	return value
}

func newConfigSet(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME VALUE",
		Short: "Change a setting; the value - reads stdin, the empty one removes the setting",
		Example: `  lpuctl config set model openai/gpt-oss-20b
  lpuctl config set max-wait 5m
  lpuctl config set header ""`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: completeSettings,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := settingNamed(args[0])
			if err != nil {
				return err
			}
			value, err := a.newValue(s, args[1])
			if err != nil {
				return err
			}
			cfg, err := loadConfig()
			if err != nil {
				return err
			}
			cfg.Set(s.name, value)
			return cfg.Save()
		},
	}
}

// newValue is the value to set, checked as the flag would check it.
func (a *app) newValue(s setting, value string) (string, error) {
	if s.name == "api-key" && value != "" && value != "-" {
		return "", usagef("a key in the arguments can be seen by others: use `lpuctl login`")
	}
	if value == "-" {
		data, err := io.ReadAll(io.LimitReader(a.in, 1<<16))
		if err != nil {
			return "", err
		}
		value = strings.TrimSpace(string(data))
	}
	if value == "" {
		return "", nil
	}
	return value, checkSetting(s, value)
}

// checkSetting parses the value as its user would. Errors do not show secrets.
func checkSetting(s setting, value string) error {
	var err error
	switch s.name {
	case "api-key":
		_, err = keyFrom(strings.NewReader(value), "stdin")
	case "header":
		_, err = groqclient.ParseHeaders(value)
	case "base-url":
		_, err = groqclient.New("none", groqclient.WithBaseURL(value))
	case "proxy":
		_, err = groqclient.New("none", groqclient.WithProxy(value))
	default:
		var f groqFlags
		cmd := &cobra.Command{}
		f.register(cmd)
		if flag := cmd.PersistentFlags().Lookup(s.name); flag != nil {
			err = flag.Value.Set(value)
		}
	}
	if err != nil {
		return usagef("%s: %w", s.name, err)
	}
	return nil
}

func newConfigPath(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   "Print where the configuration file is, or would be",
		Example: "  lpuctl config path",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			path, err := config.Path()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, path)
			return err
		},
	}
}

func settingNamed(name string) (setting, error) {
	all := settings()
	i := slices.IndexFunc(all, func(s setting) bool { return s.name == name })
	if i < 0 {
		return setting{}, usagef("no setting %q: want one of %s", name, strings.Join(settingNames(), ", "))
	}
	return all[i], nil
}

func settingNames() []string {
	var names []string
	for _, s := range settings() {
		names = append(names, s.name)
	}
	return names
}

func completeSettings(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return settingNames(), cobra.ShellCompDirectiveNoFileComp
}
