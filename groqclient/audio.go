package groqclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
)

// Formats of transcripts.
const (
	TranscriptJSON        = "json"
	TranscriptText        = "text"
	TranscriptVerboseJSON = "verbose_json"
)

// A TranscriptionRequest asks for the text of a recording: File or URL, which
// may be a data: URL (see [DataURL]).
type TranscriptionRequest struct {
	Model          string
	File           *Upload
	URL            string
	Language       string // ISO 639-1
	Prompt         string
	ResponseFormat string       // TranscriptJSON if empty
	Temperature    Opt[float64] // 0 to 1
	Granularities  []string     // word, segment; needs TranscriptVerboseJSON
}

// A TranslationRequest asks for the English text of a recording: File or URL.
type TranslationRequest struct {
	Model          string
	File           *Upload
	URL            string
	Prompt         string // in English
	ResponseFormat string // TranscriptJSON if empty
	Temperature    Opt[float64]
}

// A Transcription is the text of a recording. All but Text comes only with
// TranscriptVerboseJSON.
type Transcription struct {
	Text     string    `json:"text"`
	Language string    `json:"language,omitempty"`
	Duration Seconds   `json:"duration,omitempty"`
	Words    []Word    `json:"words,omitempty"`
	Segments []Segment `json:"segments,omitempty"`
	Extra    Extra     `json:"-"`
	Meta     Meta      `json:"-"`
}

// Seconds is a time that servers send as a number or as a string.
type Seconds float64

// UnmarshalJSON reads 1.5 and "1.5".
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var text Loose
	if err := text.UnmarshalJSON(data); err != nil || text == "" {
		return err
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("seconds %q: not a number", text)
	}
	*s = Seconds(f)
	return nil
}

// A Word is a word with its time in seconds.
type Word struct {
	Word  string  `json:"word"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	Extra Extra   `json:"-"`
}

// A Segment is a stretch of speech with its time in seconds.
type Segment struct {
	ID               int     `json:"id"`
	Seek             int     `json:"seek"`
	Start            float64 `json:"start"`
	End              float64 `json:"end"`
	Text             string  `json:"text"`
	Tokens           []int   `json:"tokens"`
	Temperature      float64 `json:"temperature"`
	AvgLogprob       float64 `json:"avg_logprob"`       // below -1: doubtful
	CompressionRatio float64 `json:"compression_ratio"` // above 2.4: doubtful
	NoSpeechProb     float64 `json:"no_speech_prob"`

	AudioText   string    `json:"audio_text,omitempty"`
	TokenScores []float64 `json:"token_scores,omitempty"`
	ChunkStart  int       `json:"chunk_start,omitempty"`
	ChunkEnd    int       `json:"chunk_end,omitempty"`

	Extra Extra `json:"-"`
}

// Transcribe returns the text of a recording in its own language.
func (c *Client) Transcribe(ctx context.Context, req *TranscriptionRequest) (*Transcription, error) {
	if len(req.Granularities) > 0 && req.ResponseFormat != TranscriptVerboseJSON {
		return nil, errors.New("groqclient: transcription: granularities need the format verbose_json")
	}
	f, err := audioForm(req.Model, req.File, req.URL, req.Prompt, req.ResponseFormat, req.Temperature)
	if err != nil {
		return nil, fmt.Errorf("groqclient: transcription: %w", err)
	}
	f.add("language", req.Language)
	for _, g := range req.Granularities {
		f.add("timestamp_granularities[]", g)
	}
	return c.transcript(ctx, "/audio/transcriptions", f, req.ResponseFormat)
}

// Translate returns the text of a recording in English.
func (c *Client) Translate(ctx context.Context, req *TranslationRequest) (*Transcription, error) {
	f, err := audioForm(req.Model, req.File, req.URL, req.Prompt, req.ResponseFormat, req.Temperature)
	if err != nil {
		return nil, fmt.Errorf("groqclient: translation: %w", err)
	}
	return c.transcript(ctx, "/audio/translations", f, req.ResponseFormat)
}

func audioForm(model string, file *Upload, url, prompt, format string, temperature Opt[float64]) (*form, error) {
	if model == "" {
		return nil, errors.New("no model")
	}
	if (file == nil) == (url == "") {
		return nil, errors.New("want either a file or a URL")
	}
	f := &form{file: file}
	f.add("model", model)
	f.add("url", url)
	f.add("prompt", prompt)
	f.add("response_format", format)
	if t, ok := temperature.Get(); ok {
		f.add("temperature", strconv.FormatFloat(t, 'g', -1, 64))
	}
	return f, nil
}

// transcript sends the form. With TranscriptText the reply is the bare text.
func (c *Client) transcript(ctx context.Context, path string, f *form, format string) (*Transcription, error) {
	k, err := c.formCall(path, f)
	if err != nil {
		return nil, err
	}
	t := new(Transcription)
	if format != TranscriptText {
		t.Meta, err = c.t.decode(ctx, k, t)
	} else {
		k.accept = "text/plain"
		var raw []byte
		raw, t.Meta, err = c.t.fetch(ctx, k)
		t.Text = string(raw)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// A SpeechRequest asks for a text to be spoken.
type SpeechRequest struct {
	Model          string       `json:"model"`
	Input          string       `json:"input"`
	Voice          string       `json:"voice"`
	ResponseFormat string       `json:"response_format,omitempty"` // flac, mp3, mulaw, ogg, wav
	SampleRate     Opt[int]     `json:"sample_rate,omitzero"`      // 8000 to 48000 Hz
	Speed          Opt[float64] `json:"speed,omitzero"`            // 0.5 to 5
	Extra          Extra        `json:"-"`
}

// Speak writes the audio to w as it comes and returns the number of bytes. On
// an error some may have been written.
func (c *Client) Speak(ctx context.Context, req *SpeechRequest, w io.Writer) (int64, Meta, error) {
	if req.Model == "" || req.Input == "" || req.Voice == "" {
		return 0, Meta{}, errors.New("groqclient: speech: model, input and voice are required")
	}
	k, err := c.t.jsonCall(http.MethodPost, "/audio/speech", req)
	if err != nil {
		return 0, Meta{}, err
	}
	k.accept = "*/*"
	r, err := c.t.do(ctx, k)
	if err != nil {
		return 0, metaOf(err), err
	}
	defer r.body.Close()
	if kind, _, _ := mime.ParseMediaType(r.contentType); kind == "application/json" || kind == "text/html" {
		raw, _ := io.ReadAll(io.LimitReader(r.body, maxErrorBytes)) // as far as it came
		return 0, r.meta, c.t.notExpected(k, r.meta, raw, errors.New("not audio but "+kind))
	}
	n, err := c.t.copyBody(k, r, w)
	return n, r.meta, err
}
