package groqclient

import (
	"context"
	"errors"
	"net/http"
)

// A RerankRequest asks for up to 100 documents to be ordered by how well they
// answer a query.
type RerankRequest struct {
	Model       string      `json:"model"`
	Query       string      `json:"query"`
	Docs        []string    `json:"docs"`
	Instruction Opt[string] `json:"instruction,omitzero"`
	Extra       Extra       `json:"-"`
}

// A Reranking is the documents, the best first.
type Reranking struct {
	Results []RerankResult `json:"results"`
	Extra   Extra          `json:"-"`
	Meta    Meta           `json:"-"`
}

// A RerankResult is a document with its score from 0 to 1.
type RerankResult struct {
	Doc   string  `json:"doc"`
	Score float64 `json:"score"`
	Extra Extra   `json:"-"`
}

// Rerank orders documents by how well they answer a query.
func (c *Client) Rerank(ctx context.Context, req *RerankRequest) (*Reranking, error) {
	if req.Model == "" || req.Query == "" || len(req.Docs) == 0 {
		return nil, errors.New("groqclient: reranking: model, query and docs are required")
	}
	r := new(Reranking)
	meta, err := c.doJSON(ctx, http.MethodPost, "/reranking", req, r)
	if err != nil {
		return nil, err
	}
	r.Meta = meta
	return r, nil
}
