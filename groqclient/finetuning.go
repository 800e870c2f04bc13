package groqclient

import (
	"context"
	"net/http"
	"net/url"
)

// A FineTuningRequest asks for a fine-tuned model to be made.
type FineTuningRequest struct {
	BaseModel   string `json:"base_model,omitempty"`
	InputFileID string `json:"input_file_id,omitempty"`
	Name        string `json:"name,omitempty"`
	Type        string `json:"type,omitempty"` // such as lora
	Extra       Extra  `json:"-"`
}

// A FineTuning is a fine-tuned model and how it was made.
type FineTuning struct {
	ID             string  `json:"id"`
	Name           string  `json:"name"`
	BaseModel      string  `json:"base_model"`
	Type           string  `json:"type"`
	InputFileID    string  `json:"input_file_id"`
	FineTunedModel string  `json:"fine_tuned_model"`
	CreatedAt      float64 `json:"created_at"` // Unix seconds
	Extra          Extra   `json:"-"`
}

// CreateFineTuning makes a fine-tuned model. Like files and batches, it is
// tried again only if it surely did not arrive.
func (c *Client) CreateFineTuning(ctx context.Context, req *FineTuningRequest) (*FineTuning, error) {
	return c.fineTuning(ctx, http.MethodPost, "", req)
}

// FineTuning returns one fine-tuned model.
func (c *Client) FineTuning(ctx context.Context, id string) (*FineTuning, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	return c.fineTuning(ctx, http.MethodGet, "/"+url.PathEscape(id), nil)
}

// FineTunings lists the fine-tuned models.
func (c *Client) FineTunings(ctx context.Context) ([]FineTuning, error) {
	var l list[FineTuning]
	err := c.fineTuningCall(ctx, http.MethodGet, "", nil, &l)
	return l.Data, err
}

// DeleteFineTuning deletes a fine-tuned model.
func (c *Client) DeleteFineTuning(ctx context.Context, id string) (*Deleted, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	d := new(Deleted)
	err := c.fineTuningCall(ctx, http.MethodDelete, "/"+url.PathEscape(id), nil, d)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// fineTuning makes a call whose answer wraps the object in "data".
func (c *Client) fineTuning(ctx context.Context, method, path string, in any) (*FineTuning, error) {
	var answer struct {
		Data FineTuning `json:"data"`
	}
	if err := c.fineTuningCall(ctx, method, path, in, &answer); err != nil {
		return nil, err
	}
	return &answer.Data, nil
}

func (c *Client) fineTuningCall(ctx context.Context, method, path string, in, out any) error {
	k, err := c.t.jsonCall(method, "", in)
	if err != nil {
		return err
	}
	k.url = c.t.urls.fineTuning + "/fine_tunings" + path
	k.create = method == http.MethodPost
	_, err = c.t.decode(ctx, k, out)
	return err
}
