package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lpuctl/lpuctl/groqclient"
	"github.com/lpuctl/lpuctl/groqclient/groqtest"
)

// long is a text of many chunks, with characters of several bytes to cut apart.
var long = strings.Repeat("Grüße aus Köln, 世界. ", 50)

// talk streams long, pausing between the chunks.
func talk(x *groqtest.Exchange) {
	x.SSE()
	for _, word := range strings.SplitAfter(long, " ") {
		if !x.Send(groqtest.Frames(groqtest.Chunk(word))) || !x.Pause(time.Millisecond) {
			return
		}
	}
	x.Send(groqtest.Frames(groqtest.LastChunk(), "[DONE]"))
}

// A network is a toxiproxy between a client and a server that talks.
type network struct {
	admin, name string
	url         string
}

func newNetwork(t *testing.T, admin string) *network {
	server := groqtest.StartHandler(talk)
	t.Cleanup(server.Close)
	n := &network{admin: admin, name: strings.ReplaceAll(t.Name(), "/", "-")}
	var proxy struct{ Listen string }
	n.post(t, "/proxies", map[string]any{
		"name": n.name, "listen": "127.0.0.1:0", "upstream": strings.TrimPrefix(server.URL, "http://"), "enabled": true,
	}, &proxy)
	n.url = "http://" + proxy.Listen
	return n
}

// add puts a fault into the way of what the server sends.
func (n *network) add(t *testing.T, kind string, attributes map[string]any) {
	toxic := map[string]any{"type": kind, "stream": "downstream", "attributes": attributes}
	n.post(t, "/proxies/"+n.name+"/toxics", toxic, nil)
}

func (n *network) post(t *testing.T, path string, in, out any) {
	body, err := json.Marshal(in)
	require.NoError(t, err)
	resp, err := http.Post(n.admin+path, "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 2, resp.StatusCode/100, path)
	if out != nil {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(out))
	}
}

func TestToxiproxy(t *testing.T) {
	program := named(t, "LPUCTL_TOXIPROXY")
	port := freePort(t)
	start(t, "Starting HTTP server", program, "-host", "127.0.0.1", "-port", port)
	admin := "http://127.0.0.1:" + port
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	require.Eventually(t, func() bool { // it says that it is starting, not that it listens
		resp, err := http.Get(admin + "/version")
		return err == nil && resp.Body.Close() == nil
	}, 10*time.Second, 10*time.Millisecond)
	for _, fault := range []struct {
		kind       string
		attributes map[string]any
		check      func(*testing.T, string, error)
	}{
		{"noop", nil, whole},
		{"latency", map[string]any{"latency": 150, "jitter": 50}, whole},
		{"slicer", map[string]any{"average_size": 16, "size_variation": 15, "delay": 1}, whole},
		{"bandwidth", map[string]any{"rate": 64}, whole},
		{"limit_data", map[string]any{"bytes": 9000}, truncated},
		{"reset_peer", map[string]any{"timeout": 30}, lost},
		{"timeout", map[string]any{"timeout": 0}, unanswered},
	} {
		t.Run(fault.kind, func(t *testing.T) {
			n := newNetwork(t, admin)
			n.add(t, fault.kind, fault.attributes)
			client := newClient(t, n.url, groqclient.WithResponseHeaderTimeout(500*time.Millisecond))
			text, err := read(client.ChatStream(t.Context(), ask("talk")))
			fault.check(t, text, err)
		})
	}
	t.Run("falls silent", func(t *testing.T) {
		text, err := later(t, newNetwork(t, admin), "timeout", map[string]any{"timeout": 0})
		require.ErrorIs(t, err, groqclient.ErrIdleTimeout)
		begun(t, text, err)
	})
	t.Run("reset later", func(t *testing.T) {
		text, err := later(t, newNetwork(t, admin), "reset_peer", map[string]any{"timeout": 0})
		truncated(t, text, err)
	})
}

// later lets a fault begin once the text has begun.
func later(t *testing.T, n *network, kind string, attributes map[string]any) (text string, err error) {
	client := newClient(t, n.url, groqclient.WithIdleTimeout(300*time.Millisecond))
	for part, err := range client.ChatStream(t.Context(), ask("talk")).Text() {
		if err != nil {
			return text, err
		}
		if text == "" {
			n.add(t, kind, attributes)
		}
		text += part
	}
	return text, nil
}

func whole(t *testing.T, text string, err error) {
	require.NoError(t, err)
	require.Equal(t, long, text)
}

func truncated(t *testing.T, text string, err error) {
	require.ErrorIs(t, err, groqclient.ErrStreamTruncated)
	begun(t, text, err)
}

// begun is a stream that broke off and kept what had come.
func begun(t *testing.T, text string, err error) {
	require.NotEmpty(t, text)
	require.True(t, strings.HasPrefix(long, text))
	require.Less(t, len(text), len(long))
	var broken *groqclient.StreamError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, text, broken.Partial.Text())
}

// lost is a request that got no answer in three attempts.
func lost(t *testing.T, _ string, err error) {
	var broken *groqclient.TransportError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, 3, broken.Attempts)
}

// unanswered is one that timed out each time.
func unanswered(t *testing.T, text string, err error) {
	lost(t, text, err)
	var broken *groqclient.TransportError
	require.ErrorAs(t, err, &broken)
	require.True(t, broken.Timeout())
}
