package groqclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// Purposes of files.
const (
	PurposeBatch       = "batch"
	PurposeBatchOutput = "batch_output"
)

// A FileInfo describes a file on the server. The API promises none of its
// fields.
type FileInfo struct {
	ID        string `json:"id,omitempty"`
	Object    string `json:"object,omitempty"`
	Bytes     int64  `json:"bytes,omitempty"`
	CreatedAt int64  `json:"created_at,omitempty"` // Unix seconds
	Filename  string `json:"filename,omitempty"`
	Purpose   string `json:"purpose,omitempty"`
	Extra     Extra  `json:"-"`
}

// UploadFile stores a file; for [PurposeBatch], JSON lines of at most 100 MB.
// It is tried again only if it surely did not arrive, because the API has no
// key against duplicates.
func (c *Client) UploadFile(ctx context.Context, file *Upload, purpose string) (*FileInfo, error) {
	if file == nil || purpose == "" {
		return nil, errors.New("groqclient: file upload: no file or no purpose")
	}
	f := &form{file: file}
	f.add("purpose", purpose)
	k, err := c.formCall("/files", f)
	if err != nil {
		return nil, err
	}
	k.create = true
	info := new(FileInfo)
	if _, err := c.t.decode(ctx, k, info); err != nil {
		return nil, err
	}
	return info, nil
}

// Files lists the stored files.
func (c *Client) Files(ctx context.Context) ([]FileInfo, error) {
	var l list[FileInfo]
	_, err := c.doJSON(ctx, http.MethodGet, "/files", nil, &l)
	return l.Data, err
}

// File describes one file.
func (c *Client) File(ctx context.Context, id string) (*FileInfo, error) {
	return get[FileInfo](ctx, c, "/files/", id)
}

// FileContent writes the content of a file to w as it comes and returns the
// number of bytes. On an error some may have been written.
func (c *Client) FileContent(ctx context.Context, id string, w io.Writer) (int64, error) {
	if err := checkID(id); err != nil {
		return 0, err
	}
	k := call{method: http.MethodGet, url: c.t.urls.api + "/files/" + url.PathEscape(id) + "/content", accept: "*/*"}
	r, err := c.t.do(ctx, k)
	if err != nil {
		return 0, err
	}
	defer r.body.Close()
	return c.t.copyBody(k, r, w)
}

// DeleteFile deletes a file.
func (c *Client) DeleteFile(ctx context.Context, id string) (*Deleted, error) {
	return remove(ctx, c, "/files/", id)
}
