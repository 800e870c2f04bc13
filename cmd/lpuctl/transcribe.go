package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lpuctl/lpuctl/groqclient"
)

// Formats of subtitles, made here from the segments of a transcript.
const (
	formatSRT = "srt"
	formatVTT = "vtt"
)

// transcribeFlags are those of `lpuctl transcribe`.
type transcribeFlags struct {
	groqFlags
	translate, json, words   bool
	language, prompt, format string
	temp                     float64
	output                   string
}

func newTranscribe(a *app) *cobra.Command {
	var f transcribeFlags
	cmd := &cobra.Command{
		Use:   "transcribe FILE",
		Short: "Turn speech into text or subtitles",
		Long: `Turn speech into text or subtitles. FILE is a recording (flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, webm)
or the https URL of one. Subtitles have the segments that the model finds.`,
		Example: `  lpuctl transcribe -m whisper-large-v3-turbo talk.mp3
  lpuctl transcribe talk.mp3 --language de --format srt -o talk.srt
  lpuctl transcribe talk.mp3 --translate --format vtt
  lpuctl transcribe talk.mp3 --format verbose_json --words`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return a.withClient(cmd, &f.groqFlags, func(c *groqclient.Client) error {
				return a.transcribe(cmd.Context(), c, &f, args[0])
			})
		},
	}
	f.groqFlags.register(cmd)
	f.registerModel(cmd, "transcribe-model")
	flags := cmd.Flags()
	flags.BoolVar(&f.translate, "translate", false, "translate to English")
	flags.StringVar(&f.language, "language", "", "language of the recording as ISO 639-1, such as de; the model guesses without it")
	flags.StringVar(&f.prompt, "prompt", "", "words and names that occur, or the text before")
	flags.Float64Var(&f.temp, "temp", -1, "sampling temperature, 0 to 1 (-1: the model's default)")
	flags.StringVar(&f.format, "format", groqclient.TranscriptText, "text, json, verbose_json, srt or vtt")
	flags.BoolVar(&f.json, "json", false, "the same as --format json")
	flags.BoolVar(&f.words, "words", false, "with --format verbose_json: times of single words too")
	flags.StringVarP(&f.output, "output", "o", "", "`file` to write instead of stdout")
	complete(cmd, "format", transcriptFormats())
	return cmd
}

func transcriptFormats() []string {
	return []string{groqclient.TranscriptText, groqclient.TranscriptJSON, groqclient.TranscriptVerboseJSON, formatSRT, formatVTT}
}

func (f *transcribeFlags) check() error {
	if f.json {
		f.format = groqclient.TranscriptJSON
	}
	switch {
	case !slices.Contains(transcriptFormats(), f.format):
		return usagef("--format %s: want one of %s", f.format, strings.Join(transcriptFormats(), ", "))
	case f.translate && (f.language != "" || f.words):
		return usagef("--translate excludes --language and --words")
	case f.words && f.format != groqclient.TranscriptVerboseJSON:
		return usagef("--words needs --format verbose_json")
	}
	return nil
}

// wire is the format that the API is asked for.
func (f *transcribeFlags) wire() string {
	if f.format == formatSRT || f.format == formatVTT {
		return groqclient.TranscriptVerboseJSON
	}
	return f.format
}

func (a *app) transcribe(ctx context.Context, c *groqclient.Client, f *transcribeFlags, source string) error {
	t, err := transcript(ctx, c, f, source)
	if err != nil {
		return err
	}
	return a.writeTo(f.output, func(w io.Writer) error { return writeTranscript(w, t, f.format) })
}

// transcript asks for the text of a file or a URL.
func transcript(ctx context.Context, c *groqclient.Client, f *transcribeFlags, source string) (*groqclient.Transcription, error) {
	req := groqclient.TranscriptionRequest{
		Model: f.model, Language: f.language, Prompt: f.prompt, ResponseFormat: f.wire(),
	}
	if f.temp >= 0 {
		req.Temperature = groqclient.Set(f.temp)
	}
	if f.words {
		req.Granularities = []string{"word", "segment"}
	}
	if strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://") {
		req.URL = source
	} else {
		file, err := groqclient.UploadPath(source)
		if err != nil {
			return nil, err
		}
		req.File = file
	}
	if f.translate {
		return c.Translate(ctx, &groqclient.TranslationRequest{
			Model: req.Model, File: req.File, URL: req.URL, Prompt: req.Prompt,
			ResponseFormat: req.ResponseFormat, Temperature: req.Temperature,
		})
	}
	return c.Transcribe(ctx, &req)
}

func writeTranscript(w io.Writer, t *groqclient.Transcription, format string) error {
	switch format {
	case groqclient.TranscriptText:
		_, err := fmt.Fprintln(w, printable(strings.TrimSpace(t.Text)))
		return err
	case formatSRT, formatVTT:
		if len(t.Segments) == 0 && t.Text != "" {
			return errors.New("the server sent no segments, of which subtitles are made")
		}
		return writeSubtitles(w, t.Segments, format)
	}
	return writeJSON(w, t)
}
