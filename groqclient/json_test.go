package groqclient

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzEachField compares the member scanner with encoding/json.
func FuzzEachField(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { "a" : 1 , "b":[{"c":"}\""}] } `, `{"a\"b":null,"é":-1.5e3}`, `[1]`, `"x"`, `{"a":{},"b":[[]],"c":true}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var want map[string]json.RawMessage
		if json.Unmarshal([]byte(in), &want) != nil {
			t.Skip("not a JSON object")
		}
		got := map[string]json.RawMessage{}
		eachField([]byte(in), func(key, value []byte) { got[unquote(key)] = value })
		require.Len(t, got, len(want))
		for key, value := range want {
			require.Equal(t, string(value), string(got[key]), key)
		}
	})
}

// FuzzChatChunk: no chunk of a server makes the client panic, and one that is
// taken can be written and read again.
func FuzzChatChunk(f *testing.F) {
	f.Add(`{"id":"i","choices":[{"index":0,"delta":{"content":"a","tool_calls":[{"index":1,"function":{"arguments":"{"}}]}}]}`)
	f.Add(`{"choices":[{"index":-7,"finish_reason":"stop","logprobs":{"content":[]}}],"usage":{"queue_time":0.5},"x_groq":{"error":{"a":1}}}`)
	f.Add(`{"error":{"message":"m","code":1},"choices":null}`)
	f.Fuzz(func(t *testing.T, in string) {
		var c ChatChunk
		if json.Unmarshal([]byte(in), &c) != nil {
			t.Skip("not a chunk")
		}
		var acc Accumulator
		acc.Add(&c)
		acc.Response()
		raw, err := json.Marshal(c)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &c), string(raw))
	})
}

func TestRetryPolicyBackoff(t *testing.T) {
	p := DefaultRetryPolicy()
	for n, want := range map[int]float64{1: 0.5, 2: 1, 3: 2, 4: 4, 5: 8, 6: 8, 1000: 8} {
		for range 20 {
			got := p.own(n).Seconds()
			require.LessOrEqual(t, got, want)
			require.GreaterOrEqual(t, got, 0.75*want)
		}
	}
	require.Zero(t, RetryPolicy{}.own(3))
}
