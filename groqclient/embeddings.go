package groqclient

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
)

// Forms in which embeddings travel. Base64 is smaller and exact.
const (
	EncodingFloat  = "float"
	EncodingBase64 = "base64"
)

// An EmbeddingRequest asks for the vectors of up to 2048 texts.
type EmbeddingRequest struct {
	Model          string      `json:"model"`
	Input          []string    `json:"input"`
	EncodingFormat string      `json:"encoding_format,omitempty"` // EncodingFloat if empty
	User           Opt[string] `json:"user,omitzero"`
	Extra          Extra       `json:"-"`
}

// Embeddings are the vectors of a request.
type Embeddings struct {
	Object string         `json:"object"`
	Model  string         `json:"model"`
	Data   []Embedding    `json:"data"`
	Usage  EmbeddingUsage `json:"usage"`
	Extra  Extra          `json:"-"`
	Meta   Meta           `json:"-"`
}

// EmbeddingUsage counts tokens.
type EmbeddingUsage struct {
	PromptTokens int64 `json:"prompt_tokens"`
	TotalTokens  int64 `json:"total_tokens"`
	Extra        Extra `json:"-"`
}

// An Embedding is the vector of input Index.
type Embedding struct {
	Index  int    `json:"index"`
	Object string `json:"object"`
	Vector Vector `json:"embedding"`
	Extra  Extra  `json:"-"`
}

// A Vector is written as numbers and read as numbers or base64 of
// little-endian float32.
type Vector []float32

// UnmarshalJSON reads either form.
func (v *Vector) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, (*[]float32)(v))
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	if len(raw)%4 != 0 {
		return fmt.Errorf("embedding: %d bytes are not a whole number of float32", len(raw))
	}
	*v = make(Vector, len(raw)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}

// Embed returns the vectors of texts.
func (c *Client) Embed(ctx context.Context, req *EmbeddingRequest) (*Embeddings, error) {
	if req.Model == "" || len(req.Input) == 0 {
		return nil, errors.New("groqclient: embeddings: no model or no input")
	}
	e := new(Embeddings)
	meta, err := c.doJSON(ctx, http.MethodPost, "/embeddings", req, e)
	if err != nil {
		return nil, err
	}
	e.Meta = meta
	return e, nil
}
