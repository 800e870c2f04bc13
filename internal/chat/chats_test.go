package chat

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/internal/chat/jinja"
)

// clock is the time that jinja/testdata/record.py renders at.
var clock = time.Date(2024, 7, 9, 4, 5, 6, 0, time.UTC)

// recorded is what transformers makes of a conversation.
type recorded struct {
	Template string
	Case     int
	Text     string
	Error    string
	Message  string
}

// TestChats renders the conversations of chats.json with templates of models:
// texts, kinds of errors and their messages are those of transformers.
// LPUCTL_CHAT_TEMPLATES names a folder of other templates, and
// LPUCTL_CHAT_GOLDENS what testdata/record_chats.py makes of them.
func TestChats(t *testing.T) {
	templates, goldens := os.Getenv("LPUCTL_CHAT_TEMPLATES"), os.Getenv("LPUCTL_CHAT_GOLDENS")
	if templates == "" {
		templates, goldens = filepath.Join("testdata", "templates"), filepath.Join("testdata", "chats.jsonl.gz")
	}
	all := conversations(t)
	parsed := map[string]*jinja.Template{}
	rendered, refused, wrong := 0, 0, 0
	for _, want := range readGoldens(t, goldens) {
		if parsed[want.Template] == nil {
			source, err := os.ReadFile(filepath.Join(templates, want.Template))
			require.NoError(t, err)
			parsed[want.Template], err = jinja.Parse(string(source))
			require.NoError(t, err, want.Template)
		}
		text, err := parsed[want.Template].Render(all[want.Case], clock)
		name, _ := all[want.Case].Get("name")
		if got, expected := outcome(text, err), want.outcome(); got != expected {
			wrong++
			t.Errorf("%s, case %d (%v):\n got %q\nwant %q", want.Template, want.Case, name, got, expected)
		}
		rendered++
		if want.Error != "" {
			refused++
		}
	}
	t.Logf("%d templates, %d renderings, %d of them errors: %d wrong", len(parsed), rendered, refused, wrong)
}

// outcome is a text, or the kind and the message of an error.
func outcome(text string, err error) string {
	if e, ok := err.(*jinja.Error); ok {
		return fmt.Sprintf("error %s: %s", e.Kind, e.Message)
	}
	return "text " + text
}

func (r recorded) outcome() string {
	if r.Error != "" {
		return fmt.Sprintf("error %s: %s", r.Error, r.Message)
	}
	return "text " + r.Text
}

// conversations are the variables of every case.
func conversations(t *testing.T) []*jinja.Dict {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "chats.json"))
	require.NoError(t, err)
	v, err := jinja.ParseJSON(data)
	require.NoError(t, err)
	var list []*jinja.Dict
	for _, item := range v.(*jinja.List).Items {
		d := item.(*jinja.Dict)
		d.Set("bos_token", "<s>")
		d.Set("eos_token", "</s>")
		list = append(list, d)
	}
	return list
}

func readGoldens(t *testing.T, path string) []recorded {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	text, err := io.ReadAll(unzipped)
	require.NoError(t, err)
	var list []recorded
	for line := range strings.Lines(string(text)) {
		var r recorded
		require.NoError(t, json.Unmarshal([]byte(line), &r))
		list = append(list, r)
	}
	require.NotEmpty(t, list)
	return list
}
