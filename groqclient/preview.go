package groqclient

import (
	"encoding/json"
	"net/http"
)

// A Preview is a request as it would be sent, without its secrets.
type Preview struct {
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Header http.Header     `json:"header"`
	Body   json.RawMessage `json:"body"`
}

// PreviewChat shows what [Client.Chat], or [Client.ChatStream] if stream is
// set, would send. The key, and every header of [WithHeaders] that looks like a
// credential, reads "[redacted]".
func (c *Client) PreviewChat(req *ChatRequest, stream bool) (*Preview, error) {
	k, err := c.t.chatCall(req, stream)
	if err != nil {
		return nil, err
	}
	h := c.t.header(k)
	if c.t.hasKey {
		setDefault(h, "Authorization", redacted)
	}
	for name := range h {
		if secretHeader(name) {
			h.Set(name, redacted)
		}
	}
	return &Preview{Method: k.method, URL: k.url, Header: h, Body: k.json}, nil
}
