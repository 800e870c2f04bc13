package groqclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Post sends body, less its spaces, to a path below the API root, such as
// /chat/completions, and returns the JSON of the reply as it came. It is for
// requests that are kept as JSON and for endpoints that have no method here.
// A path that is not clean, and a body that is not JSON, are errors.
func (c *Client) Post(ctx context.Context, path string, body json.RawMessage) (json.RawMessage, Meta, error) {
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, "?#%\\ ") || strings.Contains(path, "..") {
		return nil, Meta{}, fmt.Errorf("groqclient: post: path %q: want /word/word", path)
	}
	k, err := c.t.jsonCall(http.MethodPost, path, body)
	if err != nil {
		return nil, Meta{}, err
	}
	var reply json.RawMessage
	meta, err := c.t.decode(ctx, k, &reply)
	if err != nil {
		return nil, meta, err
	}
	return reply, meta, nil
}
