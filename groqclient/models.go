package groqclient

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// A Model is an entry of the catalogue. What Groq says beyond these fields,
// such as prices, is in Extra.
type Model struct {
	ID                  string `json:"id"`
	Object              string `json:"object"`
	Created             int64  `json:"created"` // Unix seconds
	OwnedBy             string `json:"owned_by"`
	Active              bool   `json:"active,omitempty"`
	ContextWindow       int    `json:"context_window,omitempty"`        // tokens, 0 if not stated
	MaxCompletionTokens int    `json:"max_completion_tokens,omitempty"` // tokens, 0 if not stated
	Extra               Extra  `json:"-"`
}

// Deleted is the answer to a deletion.
type Deleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
	Extra   Extra  `json:"-"`
}

// list is the form in which the API lists things; there is no paging.
type list[T any] struct {
	Data []T `json:"data"`
}

// Models lists the models that the key may use.
func (c *Client) Models(ctx context.Context) ([]Model, error) {
	var l list[Model]
	_, err := c.doJSON(ctx, http.MethodGet, "/models", nil, &l)
	return l.Data, err
}

// Model returns one model.
func (c *Client) Model(ctx context.Context, id string) (*Model, error) {
	return get[Model](ctx, c, "/models/", id)
}

// DeleteModel deletes a fine-tuned model.
func (c *Client) DeleteModel(ctx context.Context, id string) (*Deleted, error) {
	return remove(ctx, c, "/models/", id)
}

// get fetches the object with the given id; an id may contain a slash.
func get[T any](ctx context.Context, c *Client, path, id string) (*T, error) {
	return byID[T](ctx, c, http.MethodGet, path, id, "")
}

func remove(ctx context.Context, c *Client, path, id string) (*Deleted, error) {
	return byID[Deleted](ctx, c, http.MethodDelete, path, id, "")
}

func byID[T any](ctx context.Context, c *Client, method, path, id, action string) (*T, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	out := new(T)
	if _, err := c.doJSON(ctx, method, path+url.PathEscape(id)+action, nil, out); err != nil {
		return nil, err
	}
	return out, nil
}

// checkID refuses ids that would change the path: the empty one would list or
// delete something else, and dots would climb.
func checkID(id string) error {
	if id == "" || id == "." || id == ".." {
		return errors.New("groqclient: empty or invalid id")
	}
	return nil
}
