package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chatModel is the built-in model as a folder with a tokenizer and a template
// that writes one message after the other.
func chatModel(t *testing.T) string {
	t.Helper()
	dir := storiesHF(t)
	copyFile(t, filepath.Join(dir, "tokenizer.model"), filepath.Join(repository, "internal/tokenizer/testdata/stories260k.model"))
	template := "<s>{% for m in messages %}{{ m.content }}\n{% endfor %}"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "chat_template.jinja"), []byte(template), 0o644))
	return dir
}

// chatted runs a chat from a pipe that must succeed, and returns both streams.
func chatted(t *testing.T, input string, args ...string) (out, stats string) {
	t.Helper()
	r := lpuctlWith(t, strings.NewReader(input), append([]string{"chat"}, args...)...)
	require.Equal(t, exitOK, r.code, r.err)
	require.NotContains(t, r.out+r.err, "\x1b", "no escape codes in a pipe")
	return r.out, r.err
}

func TestChatPiped(t *testing.T) {
	newHome(t)
	dir := chatModel(t)
	flags := []string{dir, "--temp", "0", "-n", "12"}
	first := ok(t, append([]string{"run", "--chat"}, append(flags, "Once upon a time")...)...)
	require.NotEmpty(t, first)

	out, stats := chatted(t, "Once upon a time\n\nThe end, \\\nLily said.\n", append(flags, "--stats")...)
	require.True(t, strings.HasPrefix(out, first+"\n"), "%q begins with %q", out, first)
	news := regexp.MustCompile(`prompt of (\d+) tokens, (\d+) of them new`).FindAllStringSubmatch(stats, -1)
	require.Len(t, news, 2, stats)
	require.Equal(t, news[0][1], news[0][2], "the first prompt is all new")
	total, err := strconv.Atoi(news[1][1])
	require.NoError(t, err)
	read, err := strconv.Atoi(news[0][1])
	require.NoError(t, err)
	fresh, err := strconv.Atoi(news[1][2])
	require.NoError(t, err)
	require.Equal(t, total-read-11, fresh, "all but the last token of the first answer has been read: %s", stats)

	whole, _ := chatted(t, "Once upon a time", append(flags, "--whole", "--no-save")...)
	require.Equal(t, first+"\n", whole)
}

// TestChatCacheIsInvisible: an answer after two turns in one process is the one
// of a process that reads the turns anew.
func TestChatCacheIsInvisible(t *testing.T) {
	newHome(t)
	dir, file := chatModel(t), filepath.Join(t.TempDir(), "talk.json")
	flags := []string{dir, "--temp", "0", "-n", "16", "--no-save"}
	together, _ := chatted(t, "Lily went out.\n/save "+file+"\nShe saw a dog.\n", flags...)
	var saved []chatMessage
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &saved))
	require.Len(t, saved, 2)
	require.Equal(t, chatMessage{"user", "Lily went out."}, saved[0])
	alone, _ := chatted(t, "/load "+file+"\nShe saw a dog.\n", append(flags, "--prompt-lookup", "3")...)
	require.Equal(t, together, saved[1].Content+"\n"+alone)
	require.Contains(t, ok(t, "render", dir, file), "Lily went out.\n"+saved[1].Content, "render reads what was saved")
}

func TestChatCommands(t *testing.T) {
	newHome(t)
	dir := chatModel(t)
	flags := []string{dir, "--temp", "0", "-n", "8", "--no-save"}
	out, _ := chatted(t, "/help\n", flags...)
	require.Equal(t, chatHelp, out)
	out, _ = chatted(t, "/system Be kind.\n/system\n/temp\n/temp 0.5\n/temp\n/quit\n/bogus\n", flags...)
	require.Equal(t, "Be kind.\n0\n0.5\n", out)
	plain, _ := chatted(t, "Once\n", flags...)
	again, _ := chatted(t, "Twice\n/reset\nOnce\n", flags...)
	require.True(t, strings.HasSuffix(again, plain), "%q ends with %q", again, plain)
	instructed, _ := chatted(t, "/system Tim was sad.\nOnce\n", flags...)
	flagged, _ := chatted(t, "Once\n", append(flags, "-s", "Tim was sad.")...)
	require.Equal(t, instructed, flagged)
	require.NotEqual(t, plain, instructed)
	slash, _ := chatted(t, "//Once\n/stats\n", flags...)
	require.Regexp(t, `(?s)messages: 2, context: 2048 tokens\n.*generated: 8 tokens.*sampling: \{"order":"hf"`, slash)
}

func TestChatRefuses(t *testing.T) {
	newHome(t)
	dir := chatModel(t)
	exists := filepath.Join(t.TempDir(), "there")
	require.NoError(t, os.WriteFile(exists, []byte(`[{"role":"tool","content":"x"}]`), 0o600))
	for _, c := range []struct {
		input string
		args  []string
		code  int
		want  string
	}{
		{"/bogus\n", nil, exitUsage, "/bogus is no command: /help lists them"},
		{"/temp -1\n", nil, exitUsage, "temperature -1"},
		{"/temp x\n", nil, exitUsage, "/temp x: want a number"},
		{"/save\n", nil, exitUsage, "/save: which file?"},
		{"/save " + exists + "\n", nil, exitError, "the file exists"},
		{"/load " + exists + "\n", nil, exitError, `there: message 0 has the role "tool"`},
		{"/load /dev/zero\n", nil, exitError, "at most 67108864 bytes are read"},
		{"/load absent\n", nil, exitError, `no such conversation: "absent"`},
		{strings.Repeat("Lily and Tim ", 1000) + "\n", nil, exitError, "and the context 2048: /reset begins anew"},
		{"x\n", []string{"--stop", ""}, exitUsage, "--stop: sample: a stop string is empty"},
		{"x\n", []string{"--prompt-lookup", "99"}, exitUsage, "--prompt-lookup 99: want 0 to 31"},
		{"x\n", []string{"--logit-bias", "512=1"}, exitUsage, "--logit-bias 512=1: the model has the tokens 0 to 511"},
		{"x\n", []string{"-n", "-2"}, exitUsage, "--tokens -2: want at least -1"},
		{"x\n", []string{"--threads", "-1"}, exitUsage, "--threads -1: want at least 0"},
		{"x\n", []string{"--continue"}, exitError, "nothing has been said yet"},
	} {
		r := lpuctlWith(t, strings.NewReader(c.input), append([]string{"chat", dir}, c.args...)...)
		require.Equal(t, c.code, r.code, "%.40q: %s", c.input, r.err)
		require.Contains(t, r.err, c.want)
	}
	r := lpuctl(t, "chat", "builtin:stories260k")
	require.Contains(t, r.err, "stories260k: no chat template")
}

// TestChatSavesWhatItLoads: nothing of a file is lost in silence, and a chat that
// has not begun is an empty array.
func TestChatSavesWhatItLoads(t *testing.T) {
	newHome(t)
	flags := []string{chatModel(t), "--no-save"}
	file := filepath.Join(t.TempDir(), "talk.json")
	chatted(t, "/save "+file+"\n", flags...)
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "[]\n", string(data))
	chatted(t, "/load "+file+"\n", flags...)
	for content, want := range map[string]string{
		`null`:                             "null is no array of messages",
		`{}`:                               "cannot unmarshal object",
		`[{"role":"user","content":null}]`: `message 0: "content" is no text`,
		`[{"role":"user","content":[{}]}]`: `message 0: "content" is no text`,
		`[{"role":"user"}]`:                "message 0 has no content",
		`[{"role":5,"content":5}]`:         `message 0: "content" is no text`,
		`[{"role":"user","content":"","name":"x"}]`: `message 0 has "name": a chat keeps role and content only`,
		"\x00\xff": "invalid character",
	} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		r := lpuctlWith(t, strings.NewReader("/load "+file+"\n"), append([]string{"chat"}, flags...)...)
		require.Equal(t, exitError, r.code, content)
		require.Contains(t, r.err, want)
	}
}

// TestChatContextFull: that an answer was cut short for want of context is said.
func TestChatContextFull(t *testing.T) {
	newHome(t)
	flags := []string{chatModel(t), "--temp", "0", "--no-save", "--context", "20", "--prefill", "8"}
	_, warned := chatted(t, "Once upon a time\n", flags...)
	require.Contains(t, warned, "the answer is cut short, for the context is full")
	_, warned = chatted(t, "Once upon a time\n", append(flags, "-n", "3")...)
	require.Empty(t, warned)
}

// TestChatIsKept: a chat is a conversation like those of `lpuctl prompt`, and
// goes on later as if it had not been interrupted.
func TestChatIsKept(t *testing.T) {
	newHome(t)
	dir := chatModel(t)
	flags := []string{dir, "--temp", "0", "-n", "10"}
	together, _ := chatted(t, "One day\nThen\n", append(flags, "--no-save", "-s", "Hi.")...)
	require.Empty(t, listed(t))
	first, _ := chatted(t, "One day\n", append(flags, "-s", "Hi.")...)
	second, _ := chatted(t, "Then\n", append(flags, "--continue")...)
	require.Equal(t, together, first+second)
	all := listed(t)
	require.Len(t, all, 1)
	require.Equal(t, "local", all[0].Source)
	require.Equal(t, dir, all[0].Model)
	require.Equal(t, "One day", all[0].Title)
	require.Equal(t, 5, all[0].Messages, "system, two questions and two answers")
	loaded, _ := chatted(t, "/load "+all[0].ID+"\nThe end\n", flags...)
	require.NotEmpty(t, loaded)
	require.Equal(t, 7, listed(t)[0].Messages)
}
