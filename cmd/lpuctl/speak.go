package main

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
)

// speakFlags are those of `lpuctl speak`.
type speakFlags struct {
	groqFlags
	voice, format, output string
	rate                  int
	speed                 float64
	json                  bool
}

func newSpeak(a *app) *cobra.Command {
	var f speakFlags
	cmd := &cobra.Command{
		Use:   "speak [TEXT]",
		Short: "Turn text into speech",
		Long: `Turn text into speech. Without TEXT, stdin is spoken. The audio goes to the file of -o, which appears whole or not
at all, or to stdout if that is not a terminal.`,
		Example: `  lpuctl speak -m canopylabs/orpheus-v1-english --voice troy "Good morning." -o morning.wav
  lpuctl speak --voice troy --format wav < story.txt > story.wav`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(a); err != nil {
				return err
			}
			text, err := a.argOrStdin(args)
			if err != nil {
				return err
			}
			return a.withClient(cmd, &f.groqFlags, func(c *groqclient.Client) error {
				return a.speak(cmd.Context(), c, f.request(text), &f)
			})
		},
	}
	f.register(cmd)
	f.registerModel(cmd, "speak-model")
	flags := cmd.Flags()
	flags.StringVar(&f.voice, "voice", "", "`name` of the voice")
	flags.StringVar(&f.format, "format", "", "flac, mp3, mulaw, ogg or wav (default: by the name of -o, else the server's)")
	flags.IntVar(&f.rate, "sample-rate", 0, "samples a second, 8000 to 48000 (0: the server's default)")
	flags.Float64Var(&f.speed, "speed", 0, "speed, 0.5 to 5 (0: the server's default)")
	flags.StringVarP(&f.output, "output", "o", "", "`file` to write instead of stdout")
	flags.BoolVar(&f.json, "json", false, "with -o: print one JSON object about the file")
	complete(cmd, "format", speechFormats())
	return cmd
}

func speechFormats() []string { return []string{"flac", "mp3", "mulaw", "ogg", "wav"} }

func (f *speakFlags) check(a *app) error {
	if ext := strings.TrimPrefix(filepath.Ext(f.output), "."); f.format == "" && slices.Contains(speechFormats(), ext) {
		f.format = ext
	}
	switch {
	case f.voice == "":
		return usagef("no voice: give --voice; the documentation of the model names them")
	case f.format != "" && !slices.Contains(speechFormats(), f.format):
		return usagef("--format %s: want one of %s", f.format, strings.Join(speechFormats(), ", "))
	case f.output == "" && f.json:
		return usagef("--json needs -o: stdout is for the audio")
	case f.output == "" && terminal(a.out):
		return usagef("audio does not go to a terminal: give -o FILE")
	}
	return nil
}

func (f *speakFlags) request(text string) *groqclient.SpeechRequest {
	req := &groqclient.SpeechRequest{Model: f.model, Input: text, Voice: f.voice, ResponseFormat: f.format}
	if f.rate != 0 {
		req.SampleRate = groqclient.Set(f.rate)
	}
	if f.speed != 0 {
		req.Speed = groqclient.Set(f.speed)
	}
	return req
}

// spoken is what `lpuctl speak --json` prints.
type spoken struct {
	File      string `json:"file"`
	Bytes     int64  `json:"bytes"`
	RequestID string `json:"request_id"`
}

func (a *app) speak(ctx context.Context, c *groqclient.Client, req *groqclient.SpeechRequest, f *speakFlags) error {
	result := spoken{File: f.output}
	err := a.writeTo(f.output, func(w io.Writer) error {
		n, meta, err := c.Speak(ctx, req, w)
		result.Bytes, result.RequestID = n, meta.RequestID
		return err
	})
	if err != nil || !f.json {
		return err
	}
	return writeJSON(a.out, result)
}
