package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/internal/prices"
)

// promptFlags are those of `lpuctl prompt`.
type promptFlags struct {
	groqFlags
	inputFlags
	samplingFlags
	conversationFlags
	outputFlags
}

// inputFlags say what is asked.
type inputFlags struct {
	files, images, toolResults      []string
	system, systemFile              string
	schemaFile, toolsFile           string
	strict                          bool
	effort, serviceTier, toolChoice string
}

// samplingFlags are sent only if they are given.
type samplingFlags struct {
	temp, topP float64
	seed       int64
	tokens     int
}

// conversationFlags say which conversation the question belongs to.
type conversationFlags struct {
	last, unsaved bool
	id            string
}

// outputFlags say how the answer is shown.
type outputFlags struct {
	reasoning                                   string
	extract, json, jsonl, stats, dryRun, atOnce bool
}

// values of --reasoning
const (
	reasoningShow   = "show"
	reasoningHide   = "hide"
	reasoningStderr = "stderr"
)

func newPrompt(a *app) *cobra.Command {
	var f promptFlags
	cmd := &cobra.Command{
		Use:   "prompt [TEXT]",
		Short: "Ask a model of the Groq API",
		Long: `Ask a model of the Groq API. The answer goes to stdout as it comes, and nothing else does.

The question is what -f names, then stdin unless it is a terminal, then TEXT, with an empty line between them.
It is kept with its answer as a conversation (see ` + "`lpuctl conversations`" + `); -c goes on with the latest one.
Ctrl-C stops the answer and keeps what has come.`,
		Example: `  lpuctl prompt -m openai/gpt-oss-20b "Why is the sky blue?"
  git diff | lpuctl prompt "Write a commit message." --stats
  lpuctl prompt -c "Shorter, please."
  lpuctl prompt -f main.go "Write a test." -x > main_test.go
  lpuctl prompt --schema person.json "Invent a person." --dry-run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			text := ""
			if len(args) == 1 {
				text = args[0]
			}
			return a.prompt(cmd, &f, text)
		},
	}
	f.groqFlags.register(cmd)
	f.registerModel(cmd, "model")
	f.inputFlags.register(cmd)
	f.samplingFlags.register(cmd)
	f.conversationFlags.register(cmd)
	f.outputFlags.register(cmd)
	return cmd
}

func (f *inputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "file", "f", nil, "`file` to put before the question (repeatable; -: stdin)")
	flags.StringVarP(&f.system, "system", "s", "", "instructions for the model, as `text`")
	flags.StringVar(&f.systemFile, "system-file", "", "`file` with instructions for the model")
	flags.StringArrayVar(&f.images, "image", nil, "image `file` or URL (repeatable)")
	flags.StringVar(&f.schemaFile, "schema", "", "`file` with the JSON Schema of the answer")
	flags.BoolVar(&f.strict, "strict", true, "hold the model to --schema; the schema is checked before sending")
	flags.StringVar(&f.toolsFile, "tools", "", "JSON `file` with functions that the model may call; calls are printed as JSON")
	flags.StringVar(&f.toolChoice, "tool-choice", "", "auto, required, none, or the function to call")
	flags.StringArrayVar(&f.toolResults, "tool-result", nil, "result of a call of the conversation, as `CALL_ID=TEXT` (repeatable)")
	flags.StringVar(&f.effort, "effort", "", "reasoning effort: none, default, low, medium or high, as the model allows")
	flags.StringVar(&f.serviceTier, "service-tier", "", "auto, on_demand, flex or performance")
	complete(cmd, "effort", []string{
		groqclient.EffortNone, groqclient.EffortDefault, groqclient.EffortLow, groqclient.EffortMedium, groqclient.EffortHigh,
	})
	complete(cmd, "service-tier", []string{
		groqclient.ServiceTierAuto, groqclient.ServiceTierOnDemand, groqclient.ServiceTierFlex, groqclient.ServiceTierPerformance,
	})
	complete(cmd, "tool-choice", []string{"auto", "required", "none"})
}

func (f *samplingFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVarP(&f.tokens, "tokens", "n", -1, "most tokens of the answer, reasoning included (-1: the model's own limit)")
	flags.Float64Var(&f.temp, "temp", -1, "sampling temperature, 0 to 2 (-1: the model's default)")
	flags.Float64Var(&f.topP, "top-p", -1, "sample among the tokens that hold this probability (-1: the model's default)")
	flags.Int64Var(&f.seed, "seed", -1, "seed of the sampling (-1: none)")
}

func (f *conversationFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.last, "continue", "c", false, "go on with the latest conversation")
	cmd.Flags().StringVar(&f.id, "conversation", "", "go on with the conversation of this `id`, or of the only one that begins so")
	cmd.Flags().BoolVar(&f.unsaved, "no-save", false, "do not keep question and answer")
}

func (f *outputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.reasoning, "reasoning", reasoningHide, "where reasoning is shown: show (before the answer), hide or stderr")
	flags.BoolVarP(&f.extract, "extract", "x", false, "print only the first code block of the answer")
	flags.BoolVar(&f.json, "json", false, "print one JSON object at the end")
	flags.BoolVar(&f.jsonl, "jsonl", false, "print one JSON object for each event")
	flags.BoolVar(&f.stats, "stats", false, "print tokens, times, cost and limits on stderr")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the request as JSON, the key redacted, and do not send it")
	flags.BoolVar(&f.atOnce, "no-stream", false, "ask for the answer in one piece")
	complete(cmd, "reasoning", []string{reasoningShow, reasoningHide, reasoningStderr})
}

// check finds flags that exclude each other.
func (f *promptFlags) check() error {
	modes := 0
	for _, on := range []bool{f.extract, f.json, f.jsonl} {
		if on {
			modes++
		}
	}
	switch {
	case modes > 1:
		return usagef("--extract, --json and --jsonl exclude each other")
	case f.last && f.id != "":
		return usagef("--continue and --conversation exclude each other")
	case f.keyFile == "-" && slices.Contains(f.files, "-"):
		return usagef("--api-key-file - and --file - exclude each other: there is one stdin")
	case f.schemaFile != "" && f.toolsFile != "":
		return usagef("--schema and --tools exclude each other: the API refuses both together")
	case f.system != "" && f.systemFile != "":
		return usagef("--system and --system-file exclude each other")
	case !slices.Contains([]string{reasoningShow, reasoningHide, reasoningStderr}, f.reasoning):
		return usagef("--reasoning %s: want show, hide or stderr", f.reasoning)
	}
	return f.samplingFlags.check()
}

// check refuses what would be taken for "not given".
func (f *samplingFlags) check() error {
	for _, given := range []struct {
		name  string
		value float64
	}{{"tokens", float64(f.tokens)}, {"temp", f.temp}, {"top-p", f.topP}} {
		if !(given.value >= 0) && given.value != -1 { // NaN too
			return usagef("--%s %v: want a number from 0 on", given.name, given.value)
		}
	}
	return nil
}

// streams reports whether the answer is asked for as a stream. Groq does not
// stream an answer that must match a schema.
func (f *promptFlags) streams() bool { return !f.atOnce && f.schemaFile == "" }

// prompt asks, shows the answer and keeps both.
func (a *app) prompt(cmd *cobra.Command, f *promptFlags, text string) error {
	ctx := cmd.Context()
	talk, err := a.openTalk(ctx, f)
	if err != nil {
		return err
	}
	defer talk.close()
	if f.model == "" {
		f.model = talk.head.Model
	}
	client, err := a.client(cmd, &f.groqFlags)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	req, err := a.request(f, talk, text)
	if err != nil {
		return err
	}
	if f.dryRun {
		return a.preview(client, req, f.streams())
	}
	table, err := loadPrices()
	if err != nil {
		return err
	}
	return a.converse(ctx, client, req, talk, f, table)
}

// converse sends the request and deals with the answer, whole or not.
func (a *app) converse(ctx context.Context, client *groqclient.Client, req *groqclient.ChatRequest, talk *talk, f *promptFlags, table *prices.Table) error {
	show := a.newShow(&f.outputFlags)
	ans := ask(ctx, client, req, f.streams(), show)
	saved := talk.keep(context.WithoutCancel(ctx), ans)
	r := ans.result(req.Model, talk.head.ID, table)
	shown := show.end(r)
	if r != nil && r.FinishReason == groqclient.FinishLength {
		a.log().Warn("the answer ends at the limit of tokens")
	}
	if f.stats && r != nil {
		printPromptStats(a.err, r)
	}
	return errors.Join(ans.err, shown, saved)
}

// preview prints the request that would be sent.
func (a *app) preview(client *groqclient.Client, req *groqclient.ChatRequest, stream bool) error {
	p, err := client.PreviewChat(req, stream)
	if err != nil {
		return err
	}
	return writeJSON(a.out, p)
}

// loadPrices reads the prices, with those of the user's own file.
func loadPrices() (*prices.Table, error) {
	path, err := configFile("prices.json")
	if err != nil {
		return nil, err
	}
	return prices.Load(path)
}
