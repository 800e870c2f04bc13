package groqclient_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
)

// kept are the texts of messages, of which each counts as its length.
func kept(messages []groqclient.Message) (texts []string) {
	for _, m := range messages {
		texts = append(texts, m.Content.Text())
	}
	return texts
}

func TestConversationBudget(t *testing.T) {
	c := groqclient.Conversation{Count: func(m groqclient.Message) int { return len(m.Content.Text()) }}
	c.Add(groqclient.SystemMessage("sys"), groqclient.UserMessage("u1"), groqclient.AssistantMessage("a1"),
		groqclient.UserMessage("u2"), groqclient.Message{Role: "assistant", ToolCalls: []groqclient.ToolCall{{ID: "c"}}},
		groqclient.ToolMessage("c", "result"), groqclient.AssistantMessage("a2"), groqclient.UserMessage("u3"))
	require.Equal(t, 19, c.Tokens())
	for budget, want := range map[int][]string{
		0:  {"sys", "u1", "a1", "u2", "", "result", "a2", "u3"},
		19: {"sys", "u1", "a1", "u2", "", "result", "a2", "u3"},
		18: {"sys", "u2", "", "result", "a2", "u3"},
		15: {"sys", "u2", "", "result", "a2", "u3"},
		14: {"sys", "u3"}, // the whole turn goes, call and result
		5:  {"sys", "u3"},
	} {
		c.Budget = budget
		got, err := c.Messages()
		require.NoError(t, err, budget)
		require.Equal(t, want, kept(got), budget)
	}
	for _, budget := range []int{4, 1} {
		c.Budget = budget
		_, err := c.Messages()
		require.ErrorIs(t, err, groqclient.ErrBudget)
		require.ErrorContains(t, err, "5 tokens")
	}
	require.Len(t, c.All(), 8, "nothing is forgotten")
}

func TestEstimateTokens(t *testing.T) {
	require.Equal(t, 4, groqclient.EstimateTokens(groqclient.Message{}))
	require.Equal(t, 4+3, groqclient.EstimateTokens(groqclient.UserMessage("twelve chars")))
	image := groqclient.UserParts(groqclient.TextPart("four"), groqclient.ImagePart("data:...", "low"))
	require.Equal(t, 4+1+1000, groqclient.EstimateTokens(image))
}

func TestParts(t *testing.T) {
	dir := t.TempDir()
	png, mp3 := filepath.Join(dir, "a.png"), filepath.Join(dir, "a.mp3")
	require.NoError(t, os.WriteFile(png, []byte("\x89PNG\r\n\x1a\n"), 0o600))
	require.NoError(t, os.WriteFile(mp3, []byte("ID3"), 0o600))
	part, err := groqclient.ImageFile(png)
	require.NoError(t, err)
	sameJSON(t, `{"role":"user","content":[{"type":"text","text":""},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},
		{"type":"document","document":{"data":{"a":1},"id":"d"}}]}`,
		groqclient.UserParts(groqclient.TextPart(""), part, groqclient.DocumentPart("d", []byte(`{"a":1}`))))
	url, err := groqclient.AudioFileURL(mp3)
	require.NoError(t, err)
	require.Equal(t, "data:audio/mpeg;base64,SUQz", url)
	_, err = groqclient.ImageFile(mp3)
	require.ErrorContains(t, err, "not an image")
	_, err = groqclient.AudioFileURL(png)
	require.ErrorContains(t, err, "not an audio file")
	_, err = groqclient.ImageFile(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	big := filepath.Join(dir, "big.png")
	require.NoError(t, os.WriteFile(big, nil, 0o600))
	require.NoError(t, os.Truncate(big, 65<<20))
	_, err = groqclient.ImageFile(big)
	require.ErrorContains(t, err, "larger than")
	require.True(t, strings.HasPrefix(groqclient.UploadBytes("a.unknown", nil).ContentType, "application/octet-stream"))
}
