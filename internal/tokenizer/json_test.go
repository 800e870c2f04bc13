package tokenizer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

func TestParseJSONErrors(t *testing.T) {
	for _, c := range []struct{ where, member, value, want string }{
		{"file", "version", `"2.0"`, `file: version "2.0" is not supported`},
		{"file", "extra", `1`, `file: "extra" is not known`},
		{"file", "model", `null`, `"model" is missing or no object`},
		{"file", "normalizer", `{"type":"Lowercase"}`, `normalizer: type "Lowercase" is not supported`},
		{"file", "normalizer", `{"type":"Precompiled","precompiled_charsmap":"AAAA"}`, `type "Precompiled" is not supported`},
		{"file", "normalizer", `{"type":"NFC","form":1}`, `normalizer: "form" is not known`},
		{"file", "normalizer", `[]`, `normalizer: want an object`},
		{"file", "normalizer", `{}`, `normalizer: "type" is missing`},
		{"file", "normalizer", `{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nmt"}]}`, `normalizer.normalizers[1]: type "Nmt" is not supported`},
		{"file", "normalizer", `{"type":"Replace","pattern":{"String":""},"content":"a"}`, "want either a String that is not empty or a Regex"},
		{"file", "normalizer", `{"type":"Replace","pattern":{"Regex":"["},"content":"a"}`, `normalizer: pattern "["`},
		{"file", "pre_tokenizer", `{"type":"BertPreTokenizer"}`, `pre_tokenizer: type "BertPreTokenizer" is not supported`},
		{"file", "pre_tokenizer", `{"type":"Split","pattern":{"String":"a"},"behavior":"Dropped","invert":false}`, `behavior "Dropped" is not supported`},
		{"file", "pre_tokenizer", `{"type":"Split","pattern":{"String":"a"},"invert":false}`, `"behavior" is missing`},
		{"file", "pre_tokenizer", `{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false},{"type":"Whitespace"}]}`, "Whitespace after ByteLevel is not supported"},
		{"file", "pre_tokenizer", `{"type":"Metaspace","replacement":"ab"}`, `replacement "ab" is not one character`},
		{"file", "pre_tokenizer", `{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}`, `prepend_scheme "last" is not supported`},
		{"file", "pre_tokenizer", `{"type":"Metaspace","replacement":"_","prepend_scheme":"first","add_prefix_space":false}`, "add_prefix_space is false"},
		{"file", "post_processor", `{"type":"RobertaProcessing"}`, `post_processor: type "RobertaProcessing" is not supported`},
		{"file", "post_processor", `{"type":"TemplateProcessing","single":[]}`, `"single" has the text 0 times`},
		{"file", "post_processor", `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}`, `special_tokens lacks "<x>"`},
		{"file", "post_processor", `{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}]}`, "want special tokens and the sequence A"},
		{"file", "post_processor", `{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<x>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<x>":{"id":"<x>","ids":[999],"tokens":["<x>"]}}}`, "id 999 of the template is outside the vocabulary of 420"},
		{"file", "decoder", `{"type":"CTC"}`, `decoder: type "CTC" is not supported`},
		{"file", "decoder", `{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteFallback"}]}`, "ByteFallback after Fuse or ByteLevel is not supported"},
		{"file", "decoder", `{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"ab"},"content":""}]}`, "only one character"},
		{"file", "decoder", `{"type":"Replace","pattern":{"Regex":"a"},"content":""}`, "a Regex is not supported in the decoder Replace"},
		{"file", "decoder", `{"type":"Strip","content":" ","start":-1,"stop":0}`, "start -1, stop 0"},
		{"file", "added_tokens", `[{"id":3,"content":"<x>"}]`, `added_tokens[0] ("<x>") has id 3, the library gives it 420`},
		{"file", "added_tokens", `[{"id":1,"content":"<s>","color":1}]`, `"added_tokens": `},
		{"file", "added_tokens", `[{"id":420,"content":"` + strings.Repeat("x", 513) + `"}]`, "added_tokens[0] has 513 bytes, at most 512"},
		{"file", "normalizer", `{"type":"Prepend","prepend":"` + strings.Repeat("x", 65) + `"}`, `"prepend" has 65 bytes, at most 64`},
		{"file", "decoder", `{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteLevel"}]}`, "ByteLevel after Fuse or ByteLevel is not supported"},
		{"model", "type", `"Unigram"`, `model: type "Unigram" is not supported, only BPE`},
		{"model", "type", `"WordPiece"`, `model: type "WordPiece" is not supported, only BPE`},
		{"model", "continuing_subword_prefix", `"##"`, `continuing_subword_prefix "##" is not supported`},
		{"model", "end_of_word_suffix", `"</w>"`, `end_of_word_suffix "</w>" is not supported`},
		{"model", "dropout", `0.1`, "dropout 0.1 would give different ids each time"},
		{"model", "byte_fallback", `true`, "byte_fallback together with ByteLevel is not supported"},
		{"model", "fuse_unk", `"yes"`, `model: "fuse_unk": `},
		{"model", "new", `1`, `model: "new" is not known`},
		{"model", "unk_token", `"<?>"`, `model.vocab: unk_token "<?>" is not in it`},
		{"model", "vocab", `null`, "model.vocab: want an object of tokens and ids"},
		{"model", "vocab", `[]`, "model.vocab: want an object of tokens and ids"},
		{"model", "vocab", `{"a":-1}`, `token "a": want an id from 0 to 65537`},
		{"model", "vocab", `{"a":1.5}`, `token "a": want an id`},
		{"model", "vocab", `{"a":99999999999999999999}`, `token "a": want an id`},
		{"model", "vocab", `{"a":"b"}`, `token "a": want an id`},
		{"model", "vocab", `{"a":{}}`, `token "a": want an id`},
		{"model", "vocab", `{"<unk>":0,"<s>":1,"</s>":2,"b":0}`, `tokens "<unk>" and "b" both have the id 0`},
		{"model", "merges", `null`, "model.merges: want an array of merges"},
		{"model", "merges", `{}`, "model.merges: want an array of merges"},
		{"model", "merges", `[1]`, "merge 0: want two tokens"},
		{"model", "merges", `["ab"]`, "merge 0: want two tokens"},
		{"model", "merges", `["a b c"]`, "merge 0: want two tokens"},
		{"model", "merges", `[["a","b","c"]]`, "merge 0: want two tokens"},
		{"model", "merges", `[["a",""]]`, "merge 0: want two tokens"},
		{"model", "merges", `[["a","\u65e5"]]`, `merge 0 ("a", "日"): not both are tokens`},
		{"model", "merges", `["~ ~"]`, `merge 0 ("~", "~"): the two together are no token`},
	} {
		change := map[string]jsontext.Value{c.member: jsontext.Value(c.value)}
		var data []byte
		if c.where == "model" {
			if c.member != "unk_token" && c.member == "vocab" {
				change["unk_token"] = jsontext.Value("null")
			}
			data = jsonFile(t, "bytes", nil, change)
		} else {
			data = jsonFile(t, "bytes", change, nil)
		}
		_, err := ParseJSON(data, nil)
		require.ErrorContains(t, err, c.want, "%s %s", c.member, c.value)
		require.True(t, strings.HasPrefix(err.Error(), "tokenizer: tokenizer.json: "), err)
	}
}

// Files that ask for much more than they give end soon, with a named error.
func TestParseJSONHostile(t *testing.T) {
	deep := strings.Repeat(`{"type":"Sequence","normalizers":[`, 2000) + strings.Repeat(`]}`, 2000)
	for name, c := range map[string]struct{ data, want string }{
		"empty":         {"", "file: "},
		"truncated":     {`{"version":"1.0","model":{"type":"BPE","vocab":{"a`, "file: "},
		"twice":         {`{"version":"1.0","version":"1.0"}`, `"version" occurs twice`},
		"type twice":    {`{"normalizer":{"type":"NFC","type":"NFD"},"model":{"vocab":{"a":0},"merges":[]}}`, `normalizer: `},
		"trailing text": {`{"model":{}} {}`, "text after the object"},
		"token twice":   {`{"model":{"vocab":{"a":0,"a":1},"merges":[]}}`, `tokens 0 and 1 are both "a"`},
		"sparse ids":    {`{"model":{"vocab":{"a":4000000000},"merges":[]}}`, "want an id from 0 to"},
		"added id":      {`{"model":{"vocab":{"a":0},"merges":[]},"added_tokens":[{"id":1000000000000,"content":"b"}]}`, "has id 1000000000000"},
		"deep arrays":   {`{"model":{"vocab":` + strings.Repeat("[", 1<<20), "file: "},
		"deep sequence": {`{"normalizer":` + deep + `,"model":{"vocab":{"a":0},"merges":[]}}`, "more than 8 parts inside each other"},
		"many merges":   {`{"model":{"vocab":{"a":0},"merges":[` + strings.Repeat(`"a a",`, 1<<20) + `"a a"]}}`, "the two together are no token"},
		"many members":  {`{"a0":` + strings.Join(numbered(`1,"a%d":`, 300_000), "") + `1}`, "file: more than 64 members"},
		"many parts": {`{"normalizer":{"type":"Sequence","normalizers":[` + strings.Repeat(`{"type":"NFC"},`, 32) + `{"type":"NFC"}]},"model":{"vocab":{"a":0},"merges":[]}}`,
			"normalizer.normalizers[31]: more than 32 parts"},
		"many ids": {`{"post_processor":{"type":"TemplateProcessing","single":[` + strings.Repeat(`{"SpecialToken":{"id":"x","type_id":0}},`, 20_000) +
			`{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"x":{"id":"x","ids":[` + strings.Repeat("0,", 1000) + `0],"tokens":[]}}},` +
			`"model":{"vocab":{"a":0},"merges":[]}}`, "2002 ids around a text, at most 1024 are supported"},
		"growing decoders": {`{"decoder":{"type":"Sequence","decoders":[` + strings.Repeat(`{"type":"Replace","pattern":{"String":"a"},"content":"aa"},`, 59) +
			`{"type":"Fuse"}]},"model":{"vocab":{"a":0},"merges":[]}}`, "decoders make 128 bytes of one, at most 64 are supported"},
		"strip": {`{"decoder":{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":"a","start":0,"stop":1000000000}]},` +
			`"model":{"vocab":{"a":0},"merges":[]}}`, "start 0, stop 1000000000: want numbers from 0 to 64"},
		"not UTF-8":    {"{\"model\":{\"vocab\":{\"\xff\":0},\"merges\":[]}}", "file: "},
		"long pattern": {`{"normalizer":{"type":"Replace","pattern":{"Regex":"` + strings.Repeat("(", 1<<15) + `"},"content":""},"model":{"vocab":{"a":0},"merges":[]}}`, "normalizer: pattern"},
	} {
		_, err := ParseJSON([]byte(c.data), nil)
		require.ErrorContains(t, err, c.want, name)
	}
}

// numbered returns formatted numbers from 1 to n.
func numbered(format string, n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(format, i+1))
	}
	return list
}

// Each of many normalizers doubles the text.
func TestGrowingTextIsAnError(t *testing.T) {
	double := `{"type":"Replace","pattern":{"String":"a"},"content":"aa"}`
	members := map[string]jsontext.Value{
		"normalizer": jsontext.Value(`{"type":"Sequence","normalizers":[` + strings.Repeat(double+",", 20) + double + `]}`),
	}
	tok, err := ParseJSON(jsonFile(t, "bytes", members, nil), nil)
	require.NoError(t, err)
	_, err = tok.Encode(strings.Repeat("a", 1000), false)
	require.EqualError(t, err, "tokenizer: normalizers make 32000 bytes of 1000")
}

func TestExponentialPatternIsAnError(t *testing.T) {
	split := map[string]jsontext.Value{
		"pre_tokenizer": jsontext.Value(`{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(a|a)*(aa|a)*b$"},"behavior":"Isolated","invert":false}]}`),
	}
	tok, err := ParseJSON(jsonFile(t, "bytes", split, nil), nil)
	require.NoError(t, err)
	_, err = tok.Encode(strings.Repeat("a", 60), false)
	require.ErrorContains(t, err, `tokenizer: pattern "(a|a)*(aa|a)*b$": a match takes more than 500ms`)
}

// Each match is found soon, all together are not, in one text or in many pieces
// of one.
func TestSlowPatternIsAnError(t *testing.T) {
	const slow = `{"type":"Split","pattern":{"Regex":"(a+)+b|c"},"behavior":"Isolated","invert":false}`
	const cut = `{"type":"Split","pattern":{"Regex":"(?<=c)"},"behavior":"Isolated","invert":false}`
	for _, splitters := range []string{slow, cut + "," + slow} {
		members := map[string]jsontext.Value{"pre_tokenizer": jsontext.Value(`{"type":"Sequence","pretokenizers":[` + splitters + `]}`)}
		tok, err := ParseJSON(jsonFile(t, "bytes", members, nil), nil)
		require.NoError(t, err)
		_, err = tok.Encode(strings.Repeat(strings.Repeat("a", 15)+"c", 20_000), false)
		// A busy machine may be too slow for one match, or for the other pattern.
		require.Error(t, err)
		require.Regexp(t, `^tokenizer: pattern ".*": (a match takes|matches take) more than 500ms`, err.Error())
	}
}

func TestParseJSONConfig(t *testing.T) {
	data := jsonFile(t, "bytes", nil, nil)
	for _, c := range []struct {
		config   string
		bos, eos int
	}{
		{``, None, None},
		{`{}`, None, None},
		{`{"bos_token":"<s>","eos_token":{"content":"</s>","lstrip":false}}`, 1, 2},
		{`{"bos_token":null,"eos_token":"<eos>","other":[1]}`, None, None},
		{`{"bos_token":"a","eos_token":""}`, 67, None},
	} {
		var config []byte
		if c.config != "" {
			config = []byte(c.config)
		}
		tok, err := ParseJSON(data, config)
		require.NoError(t, err)
		require.Equal(t, []int{c.bos, c.eos}, []int{tok.Vocab().BOS, tok.Vocab().EOS})
	}
	for config, want := range map[string]string{
		`{`:               "tokenizer_config.json: ",
		`{"bos_token":1}`: "tokenizer_config.json: bos_token: want a string or an object",
	} {
		_, err := ParseJSON(data, []byte(config))
		require.ErrorContains(t, err, want)
	}
}

func TestVocabOfJSON(t *testing.T) {
	tok, err := ParseJSON(jsonFile(t, "characters", nil, nil), nil)
	require.NoError(t, err)
	v := tok.Vocab()
	require.Equal(t, 420, tok.Size())
	require.Equal(t, "BPE", tok.Kind())
	require.Equal(t, []int32{TypeControl, TypeControl, TypeControl, TypeByte}, v.Types[:4])
	require.Equal(t, TypeNormal, v.Types[419])
	require.Equal(t, 0, v.Unknown)
	require.Equal(t, "byte-level BPE", smallBPE(t).Kind())
}

// The decoder Strip removes from the end what comes last in the whole text.
func TestStripText(t *testing.T) {
	s := &stripText{content: "a", start: 2, stop: 3}
	var got strings.Builder
	write := func(text string) { got.WriteString(text + "|") }
	for _, token := range []string{"a", "", "aab", "aa", "aa", "c", "a", "aaaa"} {
		s.push(token, write)
	}
	s.flush(write)
	require.Equal(t, "ab||a|aaac||aa|", got.String())
}

func TestByteLevelAlphabet(t *testing.T) {
	seen := make(map[rune]bool)
	for b := range 256 {
		c := byteLevelChar(byte(b))
		back, ok := byteLevelByte(c)
		require.True(t, ok)
		require.Equal(t, byte(b), back)
		seen[c] = true
	}
	require.Len(t, seen, 256)
	require.Equal(t, "ĠĊĉ!~¡ÿŃ", string([]rune{
		byteLevelChar(' '), byteLevelChar('\n'), byteLevelChar('\t'), byteLevelChar('!'), byteLevelChar('~'),
		byteLevelChar(0xa1), byteLevelChar(0xff), byteLevelChar(0xad),
	}))
	for _, c := range []rune{-1, 0, ' ', '\n', 0x7f, 0xa0, 0xad, 0x144, 0x4e00, 0xfffd} {
		_, ok := byteLevelByte(c)
		require.False(t, ok, "%U", c)
	}
}

// FuzzParseJSON checks that a file gives a tokenizer that works or an error.
func FuzzParseJSON(f *testing.F) {
	const file = `{"version":"1.0","truncation":null,"added_tokens":[{"id":0,"content":"<s>","special":true}],` +
		`"normalizer":%s,"pre_tokenizer":%s,"post_processor":%s,"decoder":%s,` +
		`"model":{"type":"BPE","unk_token":null,"vocab":{"<s>":0,"a":1,"b":2,"ab":3,"Ġ":4},"merges":["a b"]}}`
	f.Add(fmt.Sprintf(file, `null`, `{"type":"ByteLevel","add_prefix_space":false}`, `{"type":"ByteLevel"}`, `{"type":"ByteLevel"}`))
	f.Add(fmt.Sprintf(file, `{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Prepend","prepend":"a"}]}`,
		`{"type":"Metaspace","replacement":"_"}`, `null`, `{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":"a","start":1,"stop":1}]}`))
	f.Add(fmt.Sprintf(file, `{"type":"Replace","pattern":{"String":" "},"content":"b"}`,
		`{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"a|b"},"behavior":"Removed","invert":true},{"type":"Digits","individual_digits":true}]}`,
		`{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}}`,
		`null`))
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) > 1<<12 {
			t.Skip()
		}
		tok, err := ParseJSON([]byte(data), nil)
		if err != nil {
			return
		}
		ids, err := tok.Encode("<s>ab a\u0301  ba\n1", true)
		if err != nil {
			return
		}
		require.NoError(t, tok.Check(ids))
		tok.DecodeSpecial(ids)
	})
}
